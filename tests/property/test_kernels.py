"""Every kernel against its NumPy oracle, and the invariances that the kinds rely on."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlsearch import kernels

SEEDS = st.integers(0, 2**32 - 1)
few = settings(max_examples=60, deadline=None)
needs_native = pytest.mark.skipif(not kernels.NATIVE, reason="the C extension is not built")


def letters(rng: np.random.Generator, n: int, breaks: float = 0.02) -> np.ndarray:
    codes = rng.integers(0, 4, n).astype(np.uint8)
    if rng.random() < 0.3:
        codes = np.tile(codes[: int(rng.integers(1, 7))], n)[:n].copy()
    codes[rng.random(n) < breaks] = 4
    return codes


def complement(codes: np.ndarray) -> np.ndarray:
    return np.where(codes < 4, 3 - codes.astype(int), codes).astype(np.uint8)[::-1]


def same(got: tuple[np.ndarray, ...], expected: tuple[np.ndarray, ...]) -> None:
    for one, other in zip(got, expected, strict=True):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)


# ---------------------------------------------------------------------------------------------------------- sequences
@few
@given(seed=SEEDS, n=st.integers(0, 400), k=st.sampled_from([3, 5, 7, 11, 13, 15]), data=st.data())
def test_syncmers_equal_their_oracle(seed: int, n: int, k: int, data: st.DataObject) -> None:
    s = data.draw(st.integers(1, k - 1))
    codes = letters(np.random.default_rng(seed), n)
    same(kernels.syncmers(codes, k, s), kernels.syncmers_reference(codes, k, s))


@few
@given(seed=SEEDS, n=st.integers(0, 400), k=st.sampled_from([3, 7, 11, 15]), data=st.data())
def test_syncmers_of_the_reverse_complement_mirror_those_of_the_sequence(
    seed: int, n: int, k: int, data: st.DataObject
) -> None:
    s = data.draw(st.integers(1, k - 1))
    codes = letters(np.random.default_rng(seed), n)
    keys, positions, flags = kernels.syncmers(codes, k, s)
    r_keys, r_positions, r_flags = kernels.syncmers(complement(codes), k, s)
    np.testing.assert_array_equal(r_keys[::-1], keys)
    np.testing.assert_array_equal(n - k - r_positions[::-1].astype(int), positions)
    np.testing.assert_array_equal(1 - r_flags[::-1], flags)


@few
@given(seed=SEEDS, n=st.integers(13, 400))
def test_no_stretch_without_a_syncmer_is_longer_than_the_window(seed: int, n: int) -> None:
    codes = letters(np.random.default_rng(seed), n, breaks=0)
    positions = kernels.syncmers(codes, 11, 8)[1].astype(int)
    gaps = np.diff(np.concatenate([[-1], positions, [n - 11 + 1]]))
    assert gaps.max() <= 11 - 8


def test_syncmers_spell_their_letters() -> None:
    codes = np.array([0, 1, 2, 3, 2, 1, 0], np.uint8)
    keys, positions, flags = kernels.syncmers(codes, 3, 1)
    spelled = {
        0: (0b00_1_10, 0),  # ACG
        1: (0b00_1_10, 1),  # CGT, taken as ACG
        2: (0b01_0_01, 1),  # GTG, taken as CAC
        3: (0b10_1_00, 1),  # TGC, taken as GCA
        4: (0b10_1_00, 0),  # GCA
    }
    found = {int(p): (int(key), int(flag)) for key, p, flag in zip(keys, positions, flags, strict=True)}
    assert len(found) >= 3
    assert found == {position: spelled[position] for position in found}


def test_about_half_of_all_11_mers_are_8_syncmers() -> None:
    codes = np.random.default_rng(0).integers(0, 4, 100_000).astype(np.uint8)
    keys, _, flags = kernels.syncmers(codes, 11, 8)
    assert 0.49 < len(keys) / len(codes) < 0.51
    assert keys.max() < 2**21
    assert 0.48 < flags.mean() < 0.52


@pytest.mark.parametrize(("k", "s"), [(10, 8), (17, 8), (1, 1), (11, 11), (11, 0)])
def test_syncmers_refuse_other_lengths(k: int, s: int) -> None:
    with pytest.raises(ValueError, match="odd k"):
        kernels.syncmers(np.zeros(50, np.uint8), k, s)


@few
@given(seed=SEEDS, n=st.integers(0, 100), data=st.data())
def test_packing_and_unpacking(seed: int, n: int, data: st.DataObject) -> None:
    codes = letters(np.random.default_rng(seed), n)
    packed = kernels.pack2(codes)
    assert packed == kernels.pack2_reference(codes)
    start = data.draw(st.integers(0, n))
    length = data.draw(st.integers(0, n - start))
    np.testing.assert_array_equal(kernels.unpack2(packed, length, start), codes[start : start + length] & 3)
    raw = np.frombuffer(packed, np.uint8)
    np.testing.assert_array_equal(kernels.unpack2_reference(raw, length, start), codes[start : start + length] & 3)


def test_packed_bytes_are_as_documented() -> None:
    assert kernels.pack2([0, 1, 2, 3, 1]) == bytes([0b11_10_01_00, 0b01])


@pytest.mark.parametrize(("n", "start"), [(9, 0), (1, 8), (-1, 0), (1, -1), (2**62, 2**62)])
def test_unpacking_more_than_there_is_is_refused(n: int, start: int) -> None:
    with pytest.raises(ValueError, match="codes"):
        kernels.unpack2(bytes(2), n, start)


@few
@given(seed=SEEDS, n=st.integers(0, 200), m=st.integers(0, 200), xdrop=st.integers(0, 30), data=st.data())
def test_extension_equals_its_oracle(seed: int, n: int, m: int, xdrop: int, data: st.DataObject) -> None:
    rng = np.random.default_rng(seed)
    query, target = letters(rng, n), letters(rng, m)
    shared = min(n, m)
    if data.draw(st.booleans()):
        target[:shared] = np.where(rng.random(shared) < 0.1, target[:shared], query[:shared])
    start = (data.draw(st.integers(0, n)), data.draw(st.integers(0, m)))
    score = (data.draw(st.integers(1, 5)), data.draw(st.integers(-5, 0)))
    got = kernels.extend(query, target, *start, *score, xdrop)
    assert got == kernels.extend_reference(query, target, *start, *score, xdrop)
    _, q_start, q_end, t_start, t_end = got
    assert q_end - q_start == t_end - t_start
    pairs = (query[q_start:q_end] == target[t_start:t_end]) & (query[q_start:q_end] < 4)
    assert got[0] == pairs.sum() * score[0] + (~pairs).sum() * score[1]


def test_extension_stops_at_the_drop_and_keeps_the_best() -> None:
    query = np.array([0] * 10 + [1] * 3 + [0] * 10, np.uint8)
    target = np.zeros(23, np.uint8)
    assert kernels.extend(query, target, 0, 0, 1, -2, 5) == (10, 0, 10, 0, 10)
    assert kernels.extend(query, target, 0, 0, 1, -2, 6) == (14, 0, 23, 0, 23)


@pytest.mark.parametrize("arguments", [(6, 0, 1, -1, 5), (0, -1, 1, -1, 5), (0, 0, 0, -1, 5), (0, 0, 1, 1, 5)])
def test_extension_refuses_what_is_outside(arguments: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"outside|must"):
        kernels.extend(np.zeros(5, np.uint8), np.zeros(5, np.uint8), *arguments)


# ----------------------------------------------------------------------------------------------------------- bit sets
def bit_sets(rng: np.random.Generator, n: int, width: int) -> np.ndarray:
    rows = np.packbits(rng.random((n, 8 * width)) < rng.uniform(0, 0.3, (n, 1)), axis=1)
    if n > 3:
        rows[rng.integers(0, n, n // 3)] = rows[0]
    counts = kernels.popcounts_reference(rows)
    return rows[np.argsort(counts, kind="stable")]


@few
@given(seed=SEEDS, n=st.integers(0, 80), width=st.sampled_from([8, 24, 64, 256]))
def test_counts_and_similarities_equal_their_oracles(seed: int, n: int, width: int) -> None:
    rng = np.random.default_rng(seed)
    rows, query = bit_sets(rng, n, width), bit_sets(rng, 1, width)[0]
    counts = kernels.popcounts(rows)
    same((counts,), (kernels.popcounts_reference(rows),))
    same((kernels.hamming(query, rows),), (kernels.hamming_reference(query, rows),))
    same((kernels.tanimoto(query, rows, counts),), (kernels.tanimoto_reference(query, rows, counts),))
    same((kernels.overlaps(query, rows, counts),), (kernels.overlaps_reference(query, rows),))


@pytest.mark.parametrize("width", [256, 512, 520, 4096])
def test_overlaps_are_exact_for_full_and_for_long_sets(width: int) -> None:
    rng = np.random.default_rng(width)
    shares = np.linspace(0, 1, 400)[:, None]
    rows = np.packbits(rng.random((400, 8 * width)) < shares, axis=1)
    counts = kernels.popcounts(rows)
    for query in (rows[0], rows[1], rows[200], rows[-1]):
        same((kernels.overlaps(query, rows, counts),), (kernels.overlaps_reference(query, rows),))


def test_tversky_is_tanimoto_dice_and_containment() -> None:
    common, counts = np.array([0, 3, 5, 5]), np.array([4, 3, 5, 20])
    assert kernels.tversky(common, 5, counts, (1, 1)).tolist() == [0, 3 / 5, 1, 5 / 20]
    assert kernels.tversky(common, 5, counts, (0.5, 0.5)).tolist() == [0, 6 / 8, 1, 10 / 25]
    assert kernels.tversky(common, 5, counts, (1, 0)).tolist() == [0, 3 / 5, 1, 1]
    assert kernels.tversky(common, 5, counts, (0, 0)).tolist() == [1, 1, 1, 1]  # 0 / 0 is 1 in RDKit
    assert kernels.tversky(np.array([0, 0]), 5, np.array([0, 4]), (0, 0)).tolist() == [0, 1]
    assert kernels.tversky(np.array([0, 0]), 0, np.array([0, 4]), (0, 0)).tolist() == [0, 0]
    assert kernels.tversky(np.array([0, 0]), 0, np.array([0, 4]), (1, 0)).tolist() == [0, 0]


@settings(max_examples=150, deadline=None)
@given(
    seed=SEEDS,
    n=st.integers(0, 120),
    width=st.sampled_from([8, 24, 256]),
    minimum=st.sampled_from([-1.0, 0.0, 0.1, 1 / 3, 0.5, 0.7, 1.0]),
    limit=st.sampled_from([None, 0, 1, 2, 5, 50, 10**9]),
    folded=st.booleans(),
    named=st.booleans(),
    masked=st.booleans(),
)
def test_the_best_rows_equal_the_oracle(
    seed: int, n: int, width: int, minimum: float, limit: int | None, folded: bool, named: bool, masked: bool
) -> None:
    rng = np.random.default_rng(seed)
    rows = bit_sets(rng, n, width)
    query = rows[rng.integers(n)] if n and rng.random() < 0.5 else bit_sets(rng, 1, width)[0]
    counts = kernels.popcounts(rows)
    keys = rng.permutation(n).astype(np.uint32) if named else None
    mask = rng.random(n) < 0.6 if masked else None
    thin = kernels.fold(rows) if folded else None
    got = kernels.tanimoto_top(query, rows, counts, minimum, limit, keys, thin, mask)
    same(got, kernels.tanimoto_top_reference(query, rows, counts, minimum, limit, keys, mask))


def test_two_empty_sets_have_nothing_in_common() -> None:
    empty = np.zeros((1, 8), np.uint8)
    assert kernels.tanimoto(empty[0], empty, np.zeros(1, np.uint32)).tolist() == [0.0]


@few
@given(seed=SEEDS, width=st.sampled_from([8, 24, 32, 40, 256]))
def test_folded_sets_never_differ_more_than_the_sets(seed: int, width: int) -> None:
    rows = bit_sets(np.random.default_rng(seed), 10, width)
    for row, thin in zip(rows, kernels.fold(rows), strict=True):
        assert np.all(kernels.hamming(thin, kernels.fold(rows)) <= kernels.hamming(row, rows))


@pytest.mark.parametrize(
    "call",
    [
        lambda rows, counts: kernels.popcounts(rows[:, :7]),
        lambda rows, counts: kernels.tanimoto(rows[0, :8], rows, counts),
        lambda rows, counts: kernels.tanimoto(rows[0], rows, counts[:2]),
        lambda rows, counts: kernels.hamming(rows[0, :8], rows),
        lambda rows, counts: kernels.tanimoto_top(rows[0], rows, counts[::-1]),
        lambda rows, counts: kernels.tanimoto_top(rows[0], rows, counts, limit=-1),
        lambda rows, counts: kernels.tanimoto_top(rows[0], rows, counts, float("nan")),
        lambda rows, counts: kernels.tanimoto_top(rows[0], rows, counts, keys=counts[:2]),
        lambda rows, counts: kernels.tanimoto_top(rows[0], rows, counts, folded=rows),
        lambda rows, counts: kernels.tanimoto_top(rows[0], rows, counts, mask=np.ones(2, bool)),
    ],
)
def test_bit_sets_that_do_not_fit_are_refused(call: object) -> None:
    rows = np.array([[1] + [0] * 15, [3] + [0] * 15, [7] + [0] * 15], np.uint8)
    with pytest.raises(ValueError, match=r"row|fit|limit|minimum|mask|keys|shape"):
        call(rows, kernels.popcounts(rows))


# ------------------------------------------------------------------------------------------------ sorting and voting
@few
@given(seed=SEEDS, n=st.integers(0, 300), bits=st.sampled_from([1, 8, 21, 40, 64]))
def test_sorting_is_stable(seed: int, n: int, bits: int) -> None:
    rng = np.random.default_rng(seed)
    keys = rng.integers(0, 2**bits - 1, n, dtype=np.uint64, endpoint=True)
    keys[rng.random(n) < 0.3] = keys[:1].max(initial=0)
    values = np.arange(n, dtype=np.uint64) << np.uint64(rng.choice([0, 30, 54]))
    same(kernels.sort_pairs(keys, values), kernels.sort_pairs_reference(keys, values))
    narrow = keys.astype(np.uint32)
    same(kernels.sort_pairs(narrow, values), kernels.sort_pairs_reference(narrow, values))


@few
@given(seed=SEEDS, n=st.integers(0, 50), width=st.integers(1, 8))
def test_packed_postings_equal_their_oracle(seed: int, n: int, width: int) -> None:
    values = np.random.default_rng(seed).integers(0, 2 ** (8 * width) - 1, n, dtype=np.uint64)
    packed = kernels.pack_postings(values, width)
    same((packed,), (kernels.pack_postings_reference(values, width),))
    everything = (np.zeros(1, np.uint64), np.array([n], np.uint64))
    np.testing.assert_array_equal(kernels.gather_postings(packed, width, *everything)[0], values)


def ballot(rng: np.random.Generator, width: int) -> tuple[kernels.Postings, tuple[np.ndarray, ...]]:
    shift, flag_bits = int(rng.integers(0, 4)), int(rng.integers(0, 2))
    lengths = rng.integers(0, 400 >> shift, int(rng.integers(1, 9))) << shift
    starts = (np.cumsum(lengths) - lengths).astype(np.uint64)
    axis = max(int(lengths.sum()), 1 << shift)
    n = int(rng.integers(0, 600))
    values = rng.integers(0, axis >> shift, n).astype(np.uint64) << np.uint64(flag_bits)
    values |= rng.integers(0, 2**flag_bits, n).astype(np.uint64)
    queries = int(rng.integers(0, 40))
    edges = np.sort(rng.integers(0, n + 1, (queries, 2)), axis=1)
    edges[:, 1] = np.minimum(edges[:, 1], edges[:, 0] + 40)
    positions = rng.integers(0, 300, queries).astype(np.uint32)
    flags = rng.integers(0, 2**flag_bits, queries).astype(np.uint8)
    postings = kernels.Postings(kernels.pack_postings(values, width), width, shift, flag_bits, starts)
    return postings, (edges[:, 0].astype(np.uint64), edges[:, 1].astype(np.uint64), positions, flags)


@settings(max_examples=150, deadline=None)
@given(
    seed=SEEDS,
    width=st.integers(3, 8),
    bin_width=st.sampled_from([1, 7, 64, 1000]),
    min_votes=st.sampled_from([1, 2, 3, 6, 100]),
)
def test_votes_equal_their_oracle(seed: int, width: int, bin_width: int, min_votes: int) -> None:
    postings, query = ballot(np.random.default_rng(seed), width)
    got = kernels.vote(postings, *query, bin_width, min_votes)
    same((got,), (kernels.vote_reference(postings, *query, bin_width, min_votes),))


@settings(max_examples=150, deadline=None)
@given(
    seed=SEEDS,
    width=st.integers(3, 8),
    bin_width=st.sampled_from([1, 7, 64, 1000]),
    min_votes=st.sampled_from([1, 2, 3, 6, 100, 2**40]),
)
def test_single_seeds_are_those_of_the_oracle_or_a_few_more(
    seed: int, width: int, bin_width: int, min_votes: int
) -> None:
    postings, query = ballot(np.random.default_rng(seed), width)
    got = kernels.line_up(postings, *query, bin_width, min_votes)
    every = kernels.line_up_reference(postings, *query, bin_width, 1)
    assert len(every) == int((query[1] - query[0]).sum())
    if min_votes == 1:
        np.testing.assert_array_equal(got, every)
    wanted = Counter(kernels.line_up_reference(postings, *query, bin_width, min_votes).tolist())
    assert wanted <= Counter(got.tolist()) <= Counter(every.tolist())
    where = query[2][got["seed"]].astype(np.int64)
    diagonal = np.where(got["flag"] == 1, got["target"] + where, got["target"] - where)
    order = np.lexsort((diagonal, got["flag"], got["item"]))
    assert order.tolist() == list(range(len(got)))


def test_ranges_outside_of_the_postings_are_refused() -> None:
    postings = kernels.Postings(np.zeros(30, np.uint8), 3, 0, 0, np.zeros(1, np.uint64))
    column = (np.zeros(1, np.uint32), np.zeros(1, np.uint8))
    for begin, end in [(0, 11), (5, 4), (2**63, 2**63 + 1), (0, 2**64 - 1)]:
        places = (np.array([begin], np.uint64), np.array([end], np.uint64))
        for asked in (kernels.vote, kernels.line_up):
            with pytest.raises(ValueError, match="outside"):
                asked(postings, *places, *column, 64, 1)
    with pytest.raises(ValueError, match="as many"):
        kernels.vote(postings, np.zeros(2, np.uint64), np.zeros(1, np.uint64), *column, 64, 1)
    with pytest.raises(ValueError, match="range"):
        kernels.vote(postings, np.zeros(1, np.uint64), np.zeros(1, np.uint64), *column, 0, 1)


def test_a_posting_before_the_first_item_is_refused() -> None:
    postings = kernels.Postings(np.zeros(3, np.uint8), 3, 0, 0, np.array([5], np.uint64))
    one = np.ones(1, np.uint64)
    for asked in (kernels.vote, kernels.line_up, kernels.line_up_reference):
        with pytest.raises(ValueError, match="before"):
            asked(postings, 0 * one, one, np.zeros(1, np.uint32), np.zeros(1, np.uint8), 64, 1)


@needs_native
@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("popcounts", (bytes(17), 8, bytearray(8))),
        ("popcounts", (bytes(16), 0, bytearray(8))),
        ("tanimoto", (bytes(8), bytes(16), bytes(8), bytearray(4))),
        ("hamming", (bytes(8), bytes(15), bytearray(8))),
        ("tanimoto_top", (bytes(8), bytes(8), bytes(8), 0.0, 1, None, None, None)),
        ("tanimoto_top", (bytes(8), bytes(16), bytes(8), 0.0, 1, None, None, bytes(1))),
        ("unpack2", (bytes(1), 1, bytearray(4))),
        ("syncmers", (bytes(50), 11, 8, bytearray(4), bytearray(400), bytearray(100))),
        ("syncmers", (bytes(50), 17, 8, bytearray(400), bytearray(400), bytearray(100))),
        ("extend", (bytes(5), bytes(5), 6, 0, 1, -1, 5)),
        ("sort_pairs", (bytearray(16), bytearray(8))),
        ("pack_postings", (bytes(16), 3, bytearray(7))),
        ("pack_postings", (bytes(16), 9, bytearray(18))),
        ("vote", (bytes(3), bytes(8), bytes(8), bytes(16), bytes(4), bytes(1), (3, 0, 0, 64, 1))),
        ("anchors", (bytes(3), bytes(8), bytes(8), bytes(16), bytes(4), bytes(1), (3, 0, 0, 64, 1))),
        ("vote", (bytes(3), bytes(8), bytes(8), bytes(8), bytes(4), bytes(1), (2, 0, 0, 64, 1))),
        ("vote", (bytes(3), bytes(8), bytes(8), bytes(8), bytes(4), bytes(1), (3, 0, 0, 0, 1))),
    ],
)
def test_compiled_kernels_check_their_buffers_themselves(name: str, arguments: tuple[object, ...]) -> None:
    with pytest.raises(ValueError, match=r"fit|range|outside|sorted|fewer|as many"):
        getattr(kernels.native.compiled, name)(*arguments)


def test_everything_works_without_the_extension() -> None:
    """The same calls in a process that may not use it."""
    program = """
import numpy as np
from nlsearch import kernels as k
assert not k.NATIVE
codes = np.arange(400, dtype=np.uint8) % 7 % 4
keys, positions, flags = k.syncmers(codes, 11, 8)
assert len(keys) and k.unpack2(k.pack2(codes), 400).tolist() == codes.tolist()
assert k.extend(codes, codes, 5, 5)[0] == 400
rows = np.eye(8, dtype=np.uint8)
counts = k.popcounts(rows)
assert k.tanimoto_top(rows[2], rows, counts, 0.5, 3, folded=k.fold(rows))[0].tolist() == [2]
assert k.tanimoto(rows[0], rows, counts)[0] == 1 and k.hamming(rows[0], rows)[1] == 2
assert k.sort_pairs(counts[::-1], counts)[0].tolist() == [1] * 8
postings = k.Postings(np.zeros(3, np.uint8), 3, 0, 0, np.zeros(1, np.uint64))
one = np.ones(1, np.uint64)
query = (0 * one, one, np.zeros(1, np.uint32), np.zeros(1, np.uint8))
assert k.vote(postings, *query, 64, 1)["votes"].tolist() == [1]
assert k.line_up(postings, *query, 64, 1).tolist() == [(0, 0, 0, 0)]
"""
    environment = os.environ | {"NLSEARCH_NO_NATIVE": "1"}
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True, env=environment)
