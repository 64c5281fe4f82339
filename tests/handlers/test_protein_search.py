"""Searching proteins: what is found, with which evidence, by sequence, by translation and by pattern."""

from __future__ import annotations

import itertools
import math
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlsearch.errors import QuerySyntax, QueryTooCostly
from nlsearch.handlers.protein import ProteinHandler
from nlsearch.handlers.protein.patterns import Pattern
from nlsearch.handlers.protein.payload import encode
from nlsearch.handlers.sequences.aminoacids import CODES, LETTERS, letters, parse_query
from nlsearch.handlers.sequences.bases import CODES as BASES
from nlsearch.handlers.sequences.codes import bases_of, genetic_codes, six_frames
from nlsearch.handlers.sequences.complexity import is_low_complexity
from nlsearch.handlers.sequences.matrices import MATRICES, scheme_of
from nlsearch.handlers.sequences.residues import digest
from nlsearch.kernels.residues import smith_waterman
from nlsearch.limits import Limits
from nlsearch.model import YES, Extent, Probe, Scan, Verdict

CHLOROPLAST = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "annotated" / "NC_000932.faa"
TWENTY = "ARNDCQEGHILKMFPSTWYV"
GLOBIN = "MVLSPADKTNVKAAWGKVGAHAGEYGAEALERMFLSFPTTKTYFPHFDLSHGSAQVKGHGKKVADALTNAVAHVDDMPNALSALSDLHAHKLRVDPVNFKLLSH"
OTHER = "MVHLTPEEKSAVTALWGKVNVDEVGGEALGRLLVVYPWTQRFFESFGDLSTPDAVMGNPKVKAHGKKVLGAFSDGLAHLDNLKGTFATLSELHCDKLHVDPENFRLLGN"
BIG = Extent(9_000_000, 20_000)


@pytest.fixture
def handler() -> ProteinHandler:
    return ProteinHandler()


def payload(text: str, *, feature: bool = False) -> bytes:
    return encode(text.encode().translate(CODES), "label", feature=feature, digest=digest(text.encode()))


def ask(
    handler: ProteinHandler, value: str, operator: str = "protein", within: Extent | None = BIG, **options: Any
) -> Probe:
    return replace(handler.compile(operator, value, options), searched=within)


def found(handler: ProteinHandler, probe: Probe, text: str) -> Verdict | None:
    return handler.verify(probe, payload(text))


# ----------------------------------------------------------------------------------------------------------- the query
def test_a_query_is_read_as_people_write_it() -> None:
    assert letters(parse_query(">sp|P1|X\n  1 mkv-laa 10\nGi.vg*\n")) == "MKVLAAGIVG"
    assert letters(parse_query("MK*VUOJBZX")) == "MK*VUOJBZX"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("MKV1A@LL", "'@' at letter 5"),
        ("MKé", "'é' at letter 3"),
        ("", "no residues"),
        (">only\n", "no residues"),
        ("*", "no residues"),
    ],
)
def test_what_is_no_protein_is_named(text: str, said: str) -> None:
    with pytest.raises(QuerySyntax, match=re.escape(said)):
        parse_query(text)


def test_a_query_of_bases_is_offered_as_such(handler: ProteinHandler) -> None:
    assert "blastx" in ask(handler, "ACGTTGCA" * 5).read_as
    assert "blastx" not in ask(handler, "ACGTTGCA").read_as
    assert "blastx" not in ask(handler, GLOBIN).read_as


@pytest.mark.parametrize("options", [{"evalue": 0.0}, {"evalue": float("nan")}, {"identity": 1.5}])
def test_options_out_of_range_are_refused(handler: ProteinHandler, options: dict[str, float]) -> None:
    with pytest.raises(QuerySyntax, match=next(iter(options))):
        handler.compile("protein", GLOBIN, options)


def test_a_chain_that_is_too_long_is_refused(handler: ProteinHandler) -> None:
    with pytest.raises(QueryTooCostly, match="100,001 residues") as refused:
        handler.compile("protein", "A" * 100_001, {})
    assert "--cap query_residues" in (refused.value.hint or "")
    handler.limits = Limits(query_residues=29)
    with pytest.raises(QueryTooCostly, match="query_residues = 29"):
        handler.compile("blastx", "ATGGCC" * 15, {})


def test_a_probe_says_what_it_asks(handler: ProteinHandler) -> None:
    probe = ask(handler, GLOBIN)
    assert (probe.ask, probe.guarantee, probe.minimum) == (Scan(scored=True), "sound", 1e-5)
    assert ask(handler, GLOBIN, exhaustive=True).guarantee == "complete"
    assert ask(handler, "N-{P}-[ST]", "prosite").guarantee == "complete"


# ------------------------------------------------------------------------------------------------------------ matrices
def test_rare_letters_score_as_in_blast() -> None:
    matrix = scheme_of("BLOSUM62").matrix

    def score(a: str, b: str) -> int:
        return int(matrix[LETTERS.index(a), LETTERS.index(b)])

    # blastp 2.12.0+, -comp_based_stats 0, one differing column between two copies of a chain
    expected = {
        "UU": 9,
        "UC": 9,
        "OO": -1,
        "UI": -1,
        "JJ": 3,
        "JI": 3,
        "JL": 3,
        "JV": 2,
        "JM": 2,
        "JW": -2,
        "JX": -1,
    }
    assert {pair: score(*pair) for pair in expected} == expected
    for name in MATRICES:
        assert (scheme_of(name).matrix == scheme_of(name).matrix.T).all()


# ------------------------------------------------------------------------------------------------------------- evidence
def test_a_copy_is_exact(handler: ProteinHandler) -> None:
    verdict = found(handler, ask(handler, "GKKVADALTN"), "MM" + GLOBIN + "W" + GLOBIN)
    assert verdict is not None
    assert (verdict.score, verdict.tier) == (1.0, "exact")
    place = GLOBIN.index("GKKVADALTN")
    evidence = verdict.evidence
    assert (evidence["query"], evidence["target"]) == ([0, 10], [place + 2, place + 12])
    assert (evidence["cigar"], evidence["identity"], evidence["count"]) == ("10=", 1.0, 2)
    assert evidence["more"][0]["target"] == [place + 2 + len(GLOBIN) + 1, place + 12 + len(GLOBIN) + 1]
    assert evidence["rows"] == {"query": "GKKVADALTN", "midline": "GKKVADALTN", "target": "GKKVADALTN"}
    assert (evidence["strand"], evidence["mismatches"], evidence["gaps"], evidence["positives"]) == ("+", 0, 0, 10)


def test_relatives_are_near_with_their_alignment(handler: ProteinHandler) -> None:
    verdict = found(handler, ask(handler, GLOBIN), OTHER)
    assert verdict is not None
    evidence, rows = verdict.evidence, verdict.evidence["rows"]
    columns = len(rows["query"])
    same = sum(a == b for a, b in zip(rows["query"], rows["target"], strict=True))
    (a, b), (c, d) = evidence["query"], evidence["target"]
    assert rows["query"].replace("-", "") == GLOBIN[a:b]
    assert rows["target"].replace("-", "") == OTHER[c:d]
    assert evidence["identity"] == same / columns
    assert verdict.score == pytest.approx(same / columns * (b - a) / len(GLOBIN))
    assert verdict.tier == "near"
    assert evidence["gaps"] == rows["query"].count("-") + rows["target"].count("-")
    assert evidence["positives"] == sum(mark != " " for mark in rows["midline"])
    assert evidence["mismatches"] == columns - same - evidence["gaps"]
    # as blastp 2.12.0+ with -comp_based_stats 0 has it
    assert (evidence["raw_score"], evidence["query"], evidence["target"]) == (212, [2, 104], [3, 109])
    assert (evidence["mismatches"], evidence["gaps"], evidence["positives"]) == (55, 8, 66)
    assert evidence["identity"] == pytest.approx(0.41667, abs=1e-5)
    assert evidence["bit_score"] == pytest.approx(86.3, abs=0.06)


def test_evalues_count_the_whole_collection(handler: ProteinHandler) -> None:
    small, big = (found(handler, ask(handler, GLOBIN, within=extent), OTHER) for extent in (Extent(30_000, 100), BIG))
    assert small is not None
    assert big is not None
    ratio = big.evidence["evalue"] / small.evidence["evalue"]
    assert ratio == pytest.approx(big.evidence["search_space"] / small.evidence["search_space"])
    assert ratio > 100


def test_a_copy_is_found_whatever_the_evalue_says(handler: ProteinHandler) -> None:
    for query in ("M", "MVLSPAD", "XXXXXXX", "X*X", "GGGGGGGG"):
        probe = ask(handler, query, evalue=1e-30)
        holder = GLOBIN[:20] + query + GLOBIN[20:]
        assert found(handler, probe, holder).tier == "exact"
        assert handler.scores(probe, [payload(holder), payload("W" * 50)]).tolist() == [1.0, 0.0]


def test_identity_is_a_bound(handler: ProteinHandler) -> None:
    free = found(handler, ask(handler, GLOBIN), OTHER)
    assert free is not None
    bound = free.evidence["identity"]
    assert found(handler, ask(handler, GLOBIN, identity=bound - 0.01), OTHER) is not None
    for probe in (ask(handler, GLOBIN, identity=bound + 0.01),):
        assert found(handler, probe, OTHER) is None
        assert handler.scores(probe, [payload(OTHER)]).tolist() == [0.0]


def test_further_alignments_do_not_overlap(handler: ProteinHandler) -> None:
    target = OTHER + "GSGSGS" + OTHER[:90] + "PPPP" + GLOBIN
    evidence = found(handler, ask(handler, GLOBIN[:80] + "WWWW" + GLOBIN[80:]), target).evidence
    assert evidence["count"] == 3 == 1 + len(evidence["more"])
    ranges = sorted(one["target"] for one in (evidence, *evidence["more"]))
    assert all(a[1] <= b[0] for a, b in itertools.pairwise(ranges))
    scores = [one["raw_score"] for one in (evidence, *evidence["more"])]
    assert scores == sorted(scores, reverse=True)


def test_what_is_listed_is_capped(handler: ProteinHandler) -> None:
    handler.limits = Limits(evidence_more=3, verify_matches=7)
    evidence = found(handler, ask(handler, "AAA"), "A" * 40).evidence
    assert (len(evidence["more"]), evidence["count"], evidence["count_capped"]) == (3, 7, True)


def test_features_are_no_hits_but_of_their_own_example(handler: ProteinHandler) -> None:
    feature = payload(GLOBIN, feature=True)
    probe = ask(handler, GLOBIN)
    assert handler.verify(probe, feature) is None
    assert handler.scores(probe, [feature, payload(GLOBIN)]).tolist() == [0.0, 1.0]
    like = replace(handler.compile("like", feature, {}), searched=BIG)
    assert handler.scores(like, [feature, payload(OTHER, feature=True)]).tolist() == [1.0, 0.0]
    assert handler.verify(like, feature).tier == "exact"


def test_biased_composition_takes_worth_off(handler: ProteinHandler) -> None:
    query, target = "GLLVAGLAVLLAGALGVLAAL" * 2, "LLAVLGALLVAAGLLVAGVLALLGAVLLAA" * 2
    plain = found(handler, ask(handler, query, evalue=10.0, composition=False), target)
    assert plain is not None
    assert "evalue_composition" not in plain.evidence
    shown = found(handler, ask(handler, query, evalue=1e6), target).evidence
    assert shown["evalue_composition"] > 10 * shown["evalue"]
    bound = shown["evalue"] * 3
    for composition, expected in ((True, 0), (False, 1)):
        probe = ask(handler, query, evalue=bound, composition=composition)
        assert np.count_nonzero(handler.scores(probe, [payload(target)])) == expected
        assert (found(handler, probe, target) is not None) == bool(expected)
    usual = found(handler, ask(handler, GLOBIN), OTHER).evidence
    assert usual["evalue_composition"] < 1e4 * usual["evalue"]


# ------------------------------------------------------------------------------------------- scores and verify together
def low_by_hand(text: str) -> bool:
    """Say the same window by window, from the definition."""
    size = min(len(text), 12)
    inside: set[int] = set()
    for at in range(len(text) - size + 1) if size > 1 else ():
        shares = [count / size for count in Counter(text[at : at + size]).values()]
        if -sum(share * math.log2(share) for share in shares) <= 2.2 * math.log2(size) / math.log2(12) + 1e-9:
            inside |= set(range(at, at + size))
    return bool(inside) and 2 * len(inside) >= len(text)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(["Q", "PQ", "MKVLAAGIVGWC", "EEED", "GLSDGEWQLVLN"]), max_size=8).map("".join))
def test_low_complexity_is_as_defined(text: str) -> None:
    assert is_low_complexity(text.encode().translate(CODES)) == low_by_hand(text)


def test_low_complexity_is_flagged_and_found(handler: ProteinHandler) -> None:
    for low in ("Q" * 7, "PQPQPQPQPQPQPQPQ", "GAGAGSGAGAGSGAGAGS"):
        hit = found(handler, ask(handler, low), GLOBIN + low)
        assert hit is not None
        assert (hit.tier, hit.evidence["low_complexity"]) == ("exact", True)
    hit = found(handler, ask(handler, GLOBIN), GLOBIN)
    assert hit is not None
    assert "low_complexity" not in hit.evidence


@st.composite
def chains(draw: st.DrawFn) -> str:
    """A chain that may share pieces with the globins."""
    pieces = st.sampled_from(
        [GLOBIN, OTHER, GLOBIN[10:60], OTHER[40:], GLOBIN[30:42], "X" * 9, "MKUOJBZ*A", "GGGGG", ""]
    )
    noise = st.text(TWENTY, max_size=30)
    return "".join(draw(st.lists(pieces | noise, max_size=4)))


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_scores_are_those_of_verify(data: st.DataObject) -> None:
    handler = ProteinHandler()
    query = data.draw(chains().filter(lambda text: text.strip("*")))
    options = {
        "evalue": data.draw(st.sampled_from([1e-3, 10.0, 1e-20])),
        "exhaustive": data.draw(st.booleans()),
        "identity": data.draw(st.sampled_from([0.0, 0.5])),
        "composition": data.draw(st.booleans()),
        "matrix": data.draw(st.sampled_from(MATRICES)),
    }
    extent = data.draw(st.sampled_from([None, BIG, Extent(500, 5)]))
    probe = ask(handler, query, within=extent, **options)
    texts = data.draw(st.lists(chains(), max_size=5))
    payloads = [payload(text) for text in texts]
    verdicts = [handler.verify(probe, one) for one in payloads]
    expected = [verdict.score if verdict else 0.0 for verdict in verdicts]
    assert handler.scores(probe, payloads).tolist() == pytest.approx(expected, abs=1e-6)
    whole = letters(parse_query(query))
    for text, verdict in zip(texts, verdicts, strict=True):
        assert (verdict is not None and verdict.tier == "exact") == (whole in text)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_scores_of_translated_queries_are_those_of_verify(data: st.DataObject) -> None:
    handler = ProteinHandler()
    genes = st.sampled_from([back_translated(GLOBIN), back_translated(OTHER[20:])])
    query = "".join(data.draw(st.lists(genes | st.text("ACGTN", max_size=9), min_size=1, max_size=3)))
    if len(query) < 5:
        return
    probe = ask(handler, query, "blastx", within=BIG)
    payloads = [payload(data.draw(chains())) for _ in range(3)]
    expected = [verdict.score if (verdict := handler.verify(probe, one)) else 0.0 for one in payloads]
    assert handler.scores(probe, payloads).tolist() == pytest.approx(expected, abs=1e-6)


@pytest.mark.skipif(not CHLOROPLAST.exists(), reason="needs ../shared/data")
def test_an_exhaustive_question_finds_all_that_smith_and_waterman_would(handler: ProteinHandler) -> None:
    texts = ["".join(part.split("\n")[1:]) for part in CHLOROPLAST.read_text().split(">")[1:]]
    payloads = [payload(text) for text in texts]
    extent = Extent(sum(map(len, texts)), len(texts))
    scheme = scheme_of("BLOSUM62")
    for query in texts[::12]:
        probe = ask(handler, query, within=extent, exhaustive=True, composition=False)
        raw = smith_waterman(scheme.matrix, parse_query(query), payloads, offset=48, length_at=8)
        evalues = [scheme.gapped.evalue(int(score), len(query), extent.total, extent.items) for score in raw]
        assert [score > 0 for score in handler.scores(probe, payloads)] == [value <= 1e-3 for value in evalues]


# ----------------------------------------------------------------------------------------------------------- translated
def back_translated(text: str) -> str:
    from Bio.Data.CodonTable import unambiguous_dna_by_id

    table = unambiguous_dna_by_id[1].back_table
    return "".join(table[letter] for letter in text)


def complement(bases: str) -> str:
    return bases[::-1].translate(str.maketrans("ACGT", "TGCA"))


@pytest.mark.parametrize("frame", [1, 2, 3, -1, -2, -3])
def test_a_gene_is_found_in_its_frame(handler: ProteinHandler, frame: int) -> None:
    gene = "ACCA"[: abs(frame) - 1] + back_translated(GLOBIN) + "TAA"
    query = gene if frame > 0 else complement(gene)
    verdict = found(handler, ask(handler, query, "blastx"), "MKK" + GLOBIN)
    assert verdict is not None
    assert (verdict.tier, verdict.evidence["frame"]) == ("exact", frame)
    start, end = verdict.evidence["query"]
    part = query[start:end] if frame > 0 else complement(query[start:end])
    assert part == back_translated(GLOBIN)
    assert verdict.evidence["target"] == [3, 3 + len(GLOBIN)]
    assert verdict.evidence["strand"] == ("+" if frame > 0 else "-")


def test_the_genetic_code_counts(handler: ProteinHandler) -> None:
    gene = (back_translated("MKKLAGEDD") + "TGA") * 3  # tryptophan in table 4
    target = "MKKLAGEDDW" * 3
    assert found(handler, ask(handler, gene, "blastx", code=4), target).tier == "exact"
    assert found(handler, ask(handler, gene, "blastx"), target).tier == "near"
    with pytest.raises(QuerySyntax, match="no genetic code 7"):
        handler.compile("blastx", gene, {"code": 7})
    with pytest.raises(QuerySyntax, match="'J' at letter 4"):
        handler.compile("blastx", "ACGJ", {})
    with pytest.raises(QuerySyntax, match="no whole codon"):
        handler.compile("blastx", "AC", {})
    assert genetic_codes()[11] == "Bacterial"


@given(st.text("ACGTRYN", min_size=3, max_size=60))
def test_frames_lie_where_they_say(text: str) -> None:
    from Bio.Seq import Seq

    for frame, residues in six_frames(text.encode().translate(BASES), 1):
        start, end = bases_of(frame, 0, len(residues), len(text))
        part = Seq(text[start:end])
        assert (
            str((part if frame > 0 else part.reverse_complement()).translate())
            .replace("B", "X")
            .replace("Z", "X")
            .replace("J", "X")
            == residues.decode()
        )


# ------------------------------------------------------------------------------------------------------------ patterns
def plain(pattern: str) -> re.Pattern[str]:
    """The same pattern for chains of the twenty residues, as a regular expression."""
    written = re.sub(r"\{([A-Z]+)\}", r"[^\1]", pattern.strip(".").replace("-", ""))
    written = written.replace("(", "{").replace(")", "}").replace("x", ".")
    return re.compile("(?=" + written.replace("<", "^").replace(">", "$") + ")")


PARTS = st.sampled_from(["A", "x", "[AC]", "{A}", "{CD}", "x(2)", "A(2)", "x(1,3)", "[AD](0,2)", "{A}(1,2)"])


@settings(max_examples=300, deadline=None)
@given(st.lists(PARTS, min_size=1, max_size=5), st.lists(st.text("ACD", max_size=12), max_size=4), st.data())
def test_patterns_match_as_regular_expressions_do(parts: list[str], texts: list[str], data: st.DataObject) -> None:
    written = "-".join(parts)
    written = data.draw(st.sampled_from([written, f"<{written}", f"{written}>", f"{written}."]))
    pattern, expression = Pattern.parse(written), plain(written)
    coded = [text.encode().translate(CODES) for text in texts]
    expected = [[found.start() for found in expression.finditer(text)] for text in texts]
    assert [pattern.occurrences(codes).tolist() for codes in coded] == expected
    assert pattern.occurs(coded).tolist() == [bool(starts) for starts in expected]
    for text, codes, starts in zip(texts, coded, expected, strict=True):
        body = re.compile(expression.pattern[3:-1].removeprefix("^"))
        for start in starts:
            end = pattern.longest_from(codes, start)
            assert body.fullmatch(text, start, end) or end == start
            assert (
                not any(body.fullmatch(text, start, longer) for longer in range(end + 1, len(text) + 1))
                or ">" in written
            )


@pytest.mark.parametrize(
    ("pattern", "text", "starts"),
    [
        ("N-{P}-[ST]-{P}", "MNGSANPSTNNTTNXSANGT", [1, 9, 10]),
        ("A-[G>]", "AGACA", [0, 4]),
        ("[<A]-M", "MAM", [0, 1]),
        ("F-[IVFY]-G-[LM]-M-[G>]", "AFVGLM", [1]),
        ("[ND]", "BNDZX", [0, 1, 2]),
        ("[QE]", "BNDZX", [3]),
        ("N", "BX", []),
        ("B", "BNDX", [0, 1, 2]),
        ("x", "BX*UOJ", [0, 1, 3, 4, 5]),
        ("{P}", "X*UP", [2]),
        ("[IL]", "JIXL", [0, 1, 3]),
        ("C-x(2,4)-C", "CCACCAC", [0, 1, 3]),
    ],
)
def test_uncertain_residues_match_what_they_surely_satisfy(pattern: str, text: str, starts: list[int]) -> None:
    assert Pattern.parse(pattern).occurrences(text.encode().translate(CODES)).tolist() == starts


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty"),
        ("N--P", "element 2"),
        ("N-[ST", "element 2"),
        ("A-<C", "element 2"),
        ("A>-C", "element 1"),
        ("x(3,2)", "range"),
        ("x(0)", "range"),
        ("x(99999)", "more than"),
        ("[A1]", "element 1"),
        ("{<A}", "excludes an end"),
        ("AC", "element 1"),
    ],
)
def test_what_is_no_pattern_is_named(text: str, said: str) -> None:
    with pytest.raises(QuerySyntax, match=said):
        Pattern.parse(text)


def test_patterns_are_decided_and_shown(handler: ProteinHandler) -> None:
    probe = ask(handler, "N-{P}-[ST]-{P}.", "prosite")
    payloads = [payload("MNGSANPSTNNTTN"), payload("MMM"), payload("NGSA", feature=True), payload("")]
    decided = handler.decide(probe, payloads)
    verdicts = [handler.verify(probe, one) for one in payloads]
    assert (
        [code == YES for code in decided]
        == [verdict is not None for verdict in verdicts]
        == [True, False, False, False]
    )
    evidence = verdicts[0].evidence
    assert (evidence["target"], evidence["matched"], evidence["count"]) == ([1, 5], "NGSA", 3)
    assert [one["target"] for one in evidence["more"]] == [[9, 13], [10, 14]]
    assert (verdicts[0].score, verdicts[0].tier) == (1.0, "exact")
    assert handler.scores(probe, payloads) is None
    assert handler.decide(ask(handler, GLOBIN), payloads) is None


def test_a_costly_pattern_is_still_decided_at_once(handler: ProteinHandler) -> None:
    probe = ask(handler, "-".join(["x(0,300)", "A"] * 6) + "-W", "prosite")
    assert handler.decide(probe, [payload("A" * 3000), payload("A" * 3000 + "W")]) == bytes([0, 1])


def test_scores_are_a_float32_array(handler: ProteinHandler) -> None:
    scores = handler.scores(ask(handler, GLOBIN), [])
    assert scores is not None
    assert (scores.dtype, len(scores)) == (np.float32, 0)
