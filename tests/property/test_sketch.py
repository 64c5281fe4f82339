"""The sketch kernel beside its oracle, beside a slow MurmurHash3, and beside sourmash's own numbers."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlsearch import kernels
from nlsearch.kernels.sketch import murmur_reference

ALL = 2**64 - 1
MASK = 2**64 - 1


def codes_of(text: str) -> bytes:
    return bytes("ACGT".find(letter) if letter in "ACGT" else 14 for letter in text)


def turned(x: int, by: int) -> int:
    return (x << by | x >> (64 - by)) & MASK


def stirred(x: int) -> int:
    for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        x = (x ^ x >> 33) * factor & MASK
    return x ^ x >> 33


def murmur(text: bytes, seed: int) -> int:
    """Return the first half of MurmurHash3_x64_128, as its author wrote it down."""
    c1, c2 = 0x87C37B91114253D5, 0x4CF5AD432745937F
    h1 = h2 = seed
    whole = len(text) // 16 * 16
    for at in range(0, whole, 16):
        k1, k2 = (int.from_bytes(text[a : a + 8], "little") for a in (at, at + 8))
        h1 ^= turned(k1 * c1 & MASK, 31) * c2 & MASK
        h1 = ((turned(h1, 27) + h2) * 5 + 0x52DCE729) & MASK
        h2 ^= turned(k2 * c2 & MASK, 33) * c1 & MASK
        h2 = ((turned(h2, 31) + h1) * 5 + 0x38495AB5) & MASK
    k1, k2 = (int.from_bytes(text[a : min(a + 8, len(text))], "little") for a in (whole, whole + 8))
    h2 ^= turned(k2 * c2 & MASK, 33) * c1 & MASK
    h1 ^= turned(k1 * c1 & MASK, 31) * c2 & MASK
    h1 ^= len(text)
    h2 ^= len(text)
    h1 = (h1 + h2) & MASK
    h2 = (h2 + h1) & MASK
    return (stirred(h1) + stirred(h2)) & MASK


def slowly(text: str, most: int) -> list[int]:
    """Return the sketch by its definition, word by word."""
    found = set()
    for at in range(len(text) - 30):
        word = text[at : at + 31]
        if set(word) <= set("ACGT"):
            other = word[::-1].translate(str.maketrans("ACGT", "TGCA"))
            found.add(murmur(min(word, other).encode(), 42))
    return sorted(hash_ for hash_ in found if hash_ <= most)


@given(st.text("ACGTN", max_size=120) | st.text("ACGT", max_size=120), st.sampled_from([ALL, ALL // 3, ALL // 20, 0]))
def test_the_sketch_is_its_definition(text: str, most: int) -> None:
    assert kernels.sketch(codes_of(text), most).tolist() == slowly(text, most)


@given(st.integers(0, 2**32), st.integers(0, 12_000), st.sampled_from([0.0, 0.001, 0.2]))
def test_the_kernel_equals_its_oracle(seed: int, n: int, share: float) -> None:
    draw = np.random.default_rng(seed)
    codes = draw.integers(0, 4, n).astype(np.uint8)
    codes[draw.random(n) < share] = 14
    same = kernels.sketch_reference(codes, ALL // 50)
    np.testing.assert_array_equal(kernels.sketch(codes, ALL // 50), same)


@given(st.integers(0, 2**32), st.integers(31, 5_000), st.integers(1, 4_000))
def test_pieces_that_overlap_have_the_same_hashes_together(seed: int, n: int, step: int) -> None:
    codes = np.random.default_rng(seed).integers(0, 5, n).astype(np.uint8)
    pieces = [kernels.sketch(codes[at : at + step + 30], ALL // 9) for at in range(0, n, step)]
    np.testing.assert_array_equal(np.unique(np.concatenate(pieces)), kernels.sketch(codes, ALL // 9))


@given(st.integers(0, 2**32), st.integers(0, 2_000))
def test_both_strands_have_one_sketch(seed: int, n: int) -> None:
    codes = np.random.default_rng(seed).integers(0, 4, n).astype(np.uint8)
    np.testing.assert_array_equal(kernels.sketch(codes, ALL // 9), kernels.sketch(3 - codes[::-1], ALL // 9))


def test_a_run_of_one_letter_is_one_hash() -> None:
    assert kernels.sketch(bytes(10_000), ALL).tolist() == [murmur(b"A" * 31, 42)]
    assert murmur_reference(np.full((1, 31), ord("A"), np.uint8)).tolist() == [murmur(b"A" * 31, 42)]


@pytest.mark.parametrize("most", [-1, 2**64])
def test_a_bound_that_is_no_hash_is_refused(most: int) -> None:
    with pytest.raises(ValueError, match="hashes are from 0"):
        kernels.sketch(bytes(40), most)


def test_sourmash_has_the_same_hashes() -> None:
    """Golden values of sourmash 4.9.4: MinHash(n=0, ksize=31, scaled=1000).add_sequence(…, force=True)."""
    text = "".join(random.Random(31).choices("ACGT", k=8_000))
    text = text[:3_000] + "N" * 40 + text[3_000:]
    assert kernels.sketch(codes_of(text), 18446744073709552).tolist() == GOLDEN


GOLDEN = [
    3441494553437815,
    4618436710312136,
    10469007706378666,
    10946284380223075,
    14299927087663931,
    14547737948282359,
    16045309442291663,
    16538342635686587,
    18204090941038624,
]
