"""Proteins beside translated nucleotides: kernels do what their slow oracles do, and translate as Biopython does."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from Bio.Seq import Seq
from hypothesis import given, settings
from hypothesis import strategies as st

from nlsearch.handlers.nucleotide.payload import encode
from nlsearch.handlers.sequences.aminoacids import CODES, letters
from nlsearch.handlers.sequences.bases import CODES as BASES
from nlsearch.handlers.sequences.codes import genetic_codes
from nlsearch.handlers.sequences.matrices import scheme_of
from nlsearch.handlers.sequences.packed import packed_of
from nlsearch.handlers.sequences.records import Place
from nlsearch.handlers.sequences.translation import codon_residues
from nlsearch.kernels import native
from nlsearch.kernels import translated as kernels
from nlsearch.kernels.translated import FRAMES, codons_of, translate_frame, translated_places
from nlsearch.kernels.translatedoracles import places_reference, translate_reference

TABLE = codon_residues(1)
MATRIX = scheme_of("BLOSUM62").matrix
DNA = st.lists(
    st.text("ACGT", max_size=40) | st.sampled_from(["N" * 9, "R", "NN", "YN", "AAR", "N" * 40]), max_size=6
).map("".join)
RICH = st.lists(st.sampled_from(["AAA", "AAC", "TTT", "A", "TGG", "GTT"]), max_size=60).map("".join)


def payload(text: str) -> bytes:
    return encode(packed_of(text.encode().translate(BASES)), "label", [Place(0, 1, "odd")], record=["R1"])


@pytest.mark.filterwarnings("ignore:This table contains")  # some codons are both a residue and a stop
@settings(max_examples=200, deadline=None)
@given(DNA, st.sampled_from(list(genetic_codes())), st.sampled_from(FRAMES), st.data())
def test_frames_are_translated_as_by_biopython(text: str, code: int, frame: int, data: st.DataObject) -> None:
    count = codons_of(len(text), frame)
    first = data.draw(st.integers(0, count))
    end = data.draw(st.integers(first, count))
    table, target = codon_residues(code), payload(text)
    found = translate_frame(table, target, frame, first, end - first)
    assert found == translate_reference(table, target, frame, first, end - first)
    strand = Seq(text) if frame > 0 else Seq(text).reverse_complement()
    own = strand[abs(frame) - 1 :][: 3 * count][3 * first : 3 * end]
    if not set("RYN") & set(own):
        assert letters(found) == str(own.translate(code))


@settings(max_examples=150, deadline=None)
@given(
    st.lists(DNA | RICH, max_size=3),
    st.text("ARNDCQEGHILKMFPSTWYVX*", min_size=1, max_size=30) | st.text("KN", min_size=80, max_size=200),
    st.data(),
)
def test_places_are_those_of_the_oracle(texts: list[str], query: str, data: st.DataObject) -> None:
    trigger = data.draw(st.integers(1, 40))
    frames = data.draw(st.sets(st.sampled_from(FRAMES)))
    codes = query.encode().translate(CODES)
    targets = [payload(text) for text in texts]
    found = translated_places(MATRIX, codes, TABLE, targets, trigger=trigger, frames=list(frames), cap=40)
    chosen = [frame for frame in FRAMES if frame in frames]
    assert found.tolist() == places_reference(MATRIX, codes, TABLE, targets, (trigger, 40), chosen).tolist()


def test_scores_go_on_from_chunk_to_chunk() -> None:
    """A long frame is looked at piece by piece, and what lies across their border is found."""
    gene = "ATGAAAGTTCTGGCTGCTGGTATTGTTGGTCTGTGTTGGCATCCA"
    codes = str(Seq(gene).translate()).encode().translate(CODES)
    for at in (3 * 4096 - 24, 3 * 4096, 3 * 4096 + 1):
        text = "A" * at + gene + "A" * 12_000
        found = translated_places(MATRIX, codes, TABLE, [payload(text)], trigger=70)
        assert found["frame"].tolist() == [at % 3 + 1]
        assert found["start"][0] <= at // 3 + 15 <= found["end"][0]


def test_what_does_not_fit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    target = payload("ACGTACGT")
    damaged = target[:8] + struct.pack("<I", 10**6) + target[12:]
    for compiled in (native.compiled, None):
        monkeypatch.setattr(kernels.native, "compiled", compiled)
        for wrong in (
            lambda: translate_frame(TABLE, target, 4, 0, 1),
            lambda: translate_frame(TABLE, target, 3, 0, 3),
            lambda: translate_frame(TABLE, target, -1, -1, 1),
            lambda: translate_frame(TABLE[:63], target, 1, 0, 1),
            lambda: translate_frame(b"\xff" * 64, target, 1, 0, 1),
            lambda: translate_frame(TABLE, b"nothing", 1, 0, 0),
            lambda: translate_frame(TABLE, damaged, 1, 0, 1),
            lambda: translated_places(MATRIX, b"\x01", TABLE, [target, damaged], trigger=5),
            lambda: translated_places(MATRIX, b"\x01", TABLE, [target], trigger=0),
            lambda: translated_places(MATRIX, b"\x01", TABLE, [target], trigger=5, cap=120),
            lambda: translated_places(MATRIX.astype(np.int16), b"\x01", TABLE, [target], trigger=5),
        ):
            with pytest.raises(ValueError, match=r"\w"):
                wrong()
