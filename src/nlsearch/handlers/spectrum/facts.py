"""What the kind ``spectrum`` declares: formats, fields, operators, spaces.  Plain data, no imports of libraries."""

from __future__ import annotations

from nlsearch.handlers.contract import Copies, Field, Format, Operator, Option, PeakSpace, Space, TermSpace
from nlsearch.handlers.spectrum.axes import AXES

FORMULA = "spectrum.formula"
LOSS = "spectrum.loss"
METRICS = ("entropy", "cosine", "modified", "neutral_loss", "hybrid")
NEED_PRECURSOR = frozenset({"modified", "neutral_loss", "hybrid"})
"""Metrics that shift peaks by the difference of the precursors."""

_XML = rb"\s*(?:<\?xml[^>]{0,300}>\s*)?(?:(?:<!--.{0,2000}?-->|<!DOCTYPE[^>]{0,500}>|<\?[^>]{0,500}>)\s*)*"
_SKIPPED = rb"(?:[#;][^\n]*\n|[ \t\r]*\n)*"
_PEAK_KEYS = rb"(?:peaks_json|peaks|m/z array|spectrum|mz)"

FORMATS: tuple[Format, ...] = (
    Format("MassBank", "text/x-massbank", (), pattern=rb"\s*ACCESSION: [^\n]*\r?\nRECORD_TITLE: "),
    Format("MGF", "text/x-mgf", (".mgf",), pattern=rb"(?:[^\n]{0,400}\n){0,60}?\s*BEGIN IONS\s*$"),
    Format(
        "MSP",
        "text/x-msp",
        (".msp",),
        pattern=rb"\s*(?i:[a-z][a-z0-9_#$ /-]{1,40})\s*:[^\n]*\n(?:[^\n]*\n)*?(?i:num[ _]?peaks)\s*:\s*\d+",
    ),
    Format(
        "spectra JSON",
        "application/json",
        (),
        pattern=rb"\s*(?:\[\s*)?\{.{0,6000}?\"" + _PEAK_KEYS + rb"\"\s*:\s*[\"\[]",
    ),
    Format("mzML", "application/x-mzml", (".mzml",), pattern=_XML + rb"<(?:\w+:)?(?:indexedmzML|mzML)\b"),
    Format("mzXML", "application/x-mzxml", (".mzxml",), pattern=_XML + rb"<(?:\w+:)?(?:mzXML|msRun)\b"),
    Format("JCAMP-DX", "chemical/x-jcamp-dx", (".jdx", ".dx", ".jcm", ".jcamp"), pattern=rb"\s*##\s*(?i:title)\s*="),
    Format("nmrML", "application/x-nmrml", (".nmrml",), pattern=_XML + rb"<(?:\w+:)?nmrML\b"),
    Format(
        "spectrum table",
        "text/csv",
        (),
        pattern=rb"(?:\xef\xbb\xbf)?" + _SKIPPED + rb"[\"' ]*(?i:m/?z|mass[ /]*charge|raman ?shift|wave ?numbers?"
        rb"|wave ?length|(?:chemical )?shift|ppm)\b[^\n,;\t]{0,24}[,;\t](?![^\n]*\b(?i:rt|m/?z ?(?:min|max)"
        rb"|retention[ _]?time|adduct|formula|smiles|inchi(?:key)?|scan)\b)[^\n]*\n" + _SKIPPED + rb"[\"' ]*[+-]?\d",
    ),
)

FIELDS: tuple[Field, ...] = (
    Field("technique", "keyword", "MS, NMR, IR, Raman or UV/Vis", facet=True, example="MS"),
    Field("precursor", "float", "m/z of the precursor ion", "m/z", example="195.0877"),
    Field("charge", "integer", "charge of the precursor ion, with its sign", "e", facet=True, example="1"),
    Field(
        "adduct",
        "keyword",
        "type of the precursor ion",
        facet=True,
        example="[M+H]+",
        case=True,
        notation="any spelling: M+H, [M+H]1+",
    ),
    Field("neutral_mass", "float", "mass of the neutral molecule, from precursor and adduct", "Da", example="194.0804"),
    Field("ion_mode", "keyword", "polarity: positive or negative", facet=True, example="positive"),
    Field("ms_level", "integer", "1 for survey scans, 2 for MS/MS", facet=True, example="2"),
    Field(
        "collision_energy", "float", "collision energy as the record gives it; of a ramp all", "eV or %", example="35"
    ),
    Field("fragmentation", "text", "how ions were broken, with the collision energy in words", example="HCD 35 NCE"),
    Field("instrument", "text", "maker and model", example="Q Exactive Orbitrap"),
    Field("instrument_type", "keyword", "type of the instrument", facet=True, example="LC-ESI-QFT"),
    Field("ionization", "keyword", "how ions were made", facet=True, example="ESI"),
    Field("retention_time", "float", "when it was eluted, as far as the unit is known", "s", example="526.8"),
    Field(
        "formula",
        "keyword",
        "molecular formula of the compound, in Hill's order",
        example="C8H10N4O2",
        case=True,
        notation='any order, or ranges of some elements: "C8-10 N>=2 S0"',
    ),
    Field("mass", "float", "monoisotopic mass of the compound", "Da", example="194.0804"),
    Field(
        "inchikey",
        "keyword",
        "standard InChIKey of the compound",
        example="RYYVLZVUVIJVGH-UHFFFAOYSA-N",
        notation="whole, the first block or two, or an InChI",
    ),
    Field("record_smiles", "keyword", "SMILES of the compound as the record gives it", example="CCO", case=True),
    Field("synonyms", "text", "other names that the record gives", example="theine"),
    Field("cas", "keyword", "CAS number", example="58-08-2", notation="the check digit is checked"),
    Field("compound_class", "text", "class of the compound", example="Natural Product"),
    Field("splash", "keyword", "SPLASH of the peaks", example="splash10-0002-0900000000-b112e4e059e1ecf98c5f"),
    Field("peak_count", "integer", "peaks of the record, as they are searched by mz", example="26"),
    Field("base_peak", "float", "position of the highest peak", "m/z, ppm, cm⁻¹ or nm", example="138.0662"),
    Field("profile", "boolean", "a profile, in which the peaks were found by nlsearch", facet=True, example="no"),
    Field("unscored", "boolean", "no peak is left after cleaning: never scored", facet=True, example="no"),
    Field("nucleus", "keyword", "nucleus that is observed", facet=True, example="13C"),
    Field("solvent", "keyword", "solvent of the sample", facet=True, example="CDCl3"),
    Field("frequency", "float", "frequency of the observed nucleus", "MHz", example="400.13"),
    Field("author", "text", "who made the record", example="Eawag"),
    Field("license", "keyword", "licence of the record", facet=True, example="CC BY"),
    Field("date", "date", "when the record was made", example="2020-05-07"),
)

_TOLERANCE = (
    Option("tol_da", "float", "how far peaks may lie apart, in dalton; 0.01 if no tolerance is given"),
    Option("tol_ppm", "float", "the same in parts per million of the query's peak; give one of the two"),
)
_SCORED = (
    *_TOLERANCE,
    Option("metric", "text", "which similarity", "entropy", METRICS),
    Option("precursor", "float", "m/z of the query's precursor; for modified, neutral_loss and hybrid, and cleaning"),
    Option("precursor_da", "float", "only spectra whose precursor is so near to the query's, in dalton"),
    Option("precursor_ppm", "float", "the same in parts per million"),
    Option("min_peaks", "integer", "how many peaks must match", 1),
    Option("matching", "text", "of cosine and modified: how peaks are paired", "greedy", ("greedy", "optimal")),
    Option("intensity_power", "float", "of cosine, modified: exponent of the intensity", 1.0),
    Option("mz_power", "float", "of cosine, modified: exponent of m/z", 0.0),
    Option("similarity", "text", "of neutral_loss: by which losses are compared", "entropy", ("entropy", "cosine")),
    Option("clean", "boolean", "clean both spectra first, as ms_entropy does", default=True),
    Option("noise", "float", "of cleaning: lowest intensity that stays, of the highest", 0.01),
    Option("precursor_gap", "float", "of cleaning: peaks above precursor − so many dalton go", 1.6),
)
_SHARE = "intensity of the peaks that answer / intensity of all peaks"
_INTENSITY = Option("min_intensity", "float", "lowest intensity of a peak that answers, of the highest", 0.0)

OPERATORS: tuple[Operator, ...] = (
    Operator(
        "peaks",
        "Spectra similar to a list of peaks, position:intensity; the same ones are exact, others near from 0.5.",
        'peaks:"195.0877:100 138.0662:45 110.0713:12"{precursor=195.0877}',
        "complete",
        "the metric, from 0 to 1",
        _SCORED,
        "peaks",
    ),
    Operator(
        "like",
        "As peaks, by example: the first spectrum of a file, or an item.",
        'like:"query.mgf"',
        "complete",
        "the metric, from 0 to 1",
        _SCORED,
        "a file or item id",
        copies=Copies(
            0.9,
            "nine tenths in common and the same precursor, where there is one: how falcon (Bittremieux et al. 2021) "
            "clusters the spectra of one ion",
            options=(("precursor_ppm", 20.0),),
        ),
    ),
    Operator(
        "mz",
        "Mass spectra that have a peak at each of these m/z.",
        'mz:"195.0877, 138.0662"',
        "complete",
        _SHARE,
        (*_TOLERANCE, _INTENSITY),
        "m/z values",
    ),
    Operator(
        "loss",
        "Mass spectra with a peak at each of these distances below the precursor.",
        'loss:"18.0106"',
        "complete",
        _SHARE,
        (*_TOLERANCE, _INTENSITY),
        "masses in dalton",
    ),
    Operator(
        "shift",
        "NMR spectra with a signal at each of these chemical shifts.",
        'shift:"1.21 3.48"',
        "complete",
        _SHARE,
        (
            Option("tol_ppm", "float", "how far a signal may lie off, in ppm of shift; 0.05 for ¹H, 0.5 for others"),
            Option("nucleus", "text", "only spectra of this nucleus: 1H, 13C …"),
            _INTENSITY,
        ),
        "shifts in ppm",
    ),
    Operator(
        "band",
        "IR, Raman or UV/Vis spectra with a band at each of these positions.",
        'band:"1715 2950"',
        "complete",
        _SHARE,
        (
            Option("tol_per_cm", "float", "how far a band may lie off, in cm⁻¹", 10.0),
            Option("tol_nm", "float", "how far a band may lie off, in nm", 5.0),
            Option("unit", "text", "of the positions: cm⁻¹ (IR, Raman) or nm (UV/Vis)", "per_cm", ("per_cm", "nm")),
            _INTENSITY,
        ),
        "positions in cm⁻¹ or nm",
    ),
    Operator(
        "neutral",
        "Mass spectra whose precursor is an ion of a molecule of this neutral mass, by any of the adducts.",
        'neutral:"194.0804"',
        "complete",
        "1 − error / (2 · tolerance), from 0.5 on",
        (
            Option("tol_da", "float", "how far the precursor may lie off, in dalton"),
            Option("tol_ppm", "float", "the same in parts per million; 10 if no tolerance is given"),
            Option(
                "adducts", "text", "which adducts, with spaces between; the usual ones of both polarities if not given"
            ),
            Option("ion_mode", "text", "only adducts of this polarity", "both", ("both", "positive", "negative")),
        ),
        "a mass in dalton, or a formula",
    ),
    Operator(
        "formula",
        "With isotopes=yes: mass spectra that show the isotopic pattern of an ion of this formula; "
        "else spectra of compounds with this formula.",
        'formula:"C8H10N4O2"{isotopes=yes}',
        "complete",
        "cosine of the pattern and the peaks at its positions; without isotopes 1",
        (
            Option("isotopes", "boolean", "look for the isotopic pattern in the peaks", default=False),
            Option("adducts", "text", "which ions, with spaces between; the usual ones if not given"),
            Option("tol_da", "float", "how far peaks may lie off, in dalton"),
            Option("tol_ppm", "float", "the same in parts per million; 10 if no tolerance is given"),
            Option("least", "float", "isotopic peaks below this share of the highest need not be there", 0.05),
        ),
        "a molecular formula",
    ),
)

SPACES: tuple[Space, ...] = (
    TermSpace(FORMULA),
    TermSpace(LOSS),
    *(TermSpace(axis.terms) for axis in AXES.values()),
    *(PeakSpace(axis.ions) for axis in AXES.values()),
    *(PeakSpace(axis.coarse_ions) for axis in AXES.values() if axis.coarse is not None),
)
