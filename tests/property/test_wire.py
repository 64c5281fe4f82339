"""What is packed arrives; what is not packed is refused."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import hypothesis.extra.numpy as hnp
import msgpack
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlsearch import model, wire
from nlsearch.model import (
    AllOf,
    AnyOf,
    Check,
    Entry,
    Exact,
    Extent,
    Failure,
    Features,
    Nearest,
    NoneOf,
    PeakMatch,
    Peaks,
    Picture,
    Prefix,
    Probe,
    Range,
    Region,
    Scan,
    SeedMatch,
    Seeds,
    Skipped,
    TermRange,
    Terms,
    Verdict,
)

modest = settings(max_examples=60, deadline=None)
texts = st.text(st.characters(exclude_categories=()), max_size=8)  # lone surrogates too
numbers = st.integers(0, 2**64 - 1)
floats = st.floats(allow_nan=False)
json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | floats | texts | st.binary(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
dtypes = st.sampled_from(["|b1", "|u1", "|i1", "<u2", "<u4", "<u8", "<i8", "<f2", "<f4", "<f8", ">u4", ">f8"])
arrays = dtypes.flatmap(lambda d: hnp.arrays(d, hnp.array_shapes(min_dims=0, min_side=0, max_dims=3, max_side=4)))
terms = st.sets(numbers, max_size=5).map(lambda s: np.array(sorted(s), dtype=np.uint64))


@st.composite
def seeds(draw):
    n = draw(st.integers(0, 5))
    keys = draw(hnp.arrays(draw(st.sampled_from(["u4", "u8"])), n))
    flags = draw(st.none() | hnp.arrays("u1", n))
    return Seeds(keys, draw(hnp.arrays("u4", n)), draw(st.integers(0, 2**32)), flags)


@st.composite
def peak_lists(draw):
    n = draw(st.integers(0, 5))
    return Peaks(draw(hnp.arrays("f4", n)), draw(hnp.arrays("f4", n)), *draw(st.tuples(*[floats] * 5)))


field_values = texts | st.integers(-(2**53), 2**53) | floats | st.booleans() | st.lists(texts, max_size=3)
features = st.builds(
    Features,
    words=texts,
    fields=st.dictionaries(texts, field_values, max_size=3),
    terms=st.dictionaries(texts, terms, max_size=2),
    seeds=st.dictionaries(texts, seeds(), max_size=2),
    vectors=st.dictionaries(texts, hnp.arrays("u1", 4) | hnp.arrays("f4", 3), max_size=2),
    payload=st.binary(max_size=20),
    size=st.floats(1, 1e6),
    keys=st.dictionaries(texts, texts, max_size=2),
    peaks=st.dictionaries(texts, peak_lists(), max_size=2),
    extent=st.integers(0, 2**40),
)
reals = st.lists(floats, max_size=4).map(tuple)
ints = st.lists(numbers, max_size=4).map(tuple)
questions = st.recursive(
    st.builds(Terms, texts, ints, st.none() | st.integers(0, 9))
    | st.builds(SeedMatch, texts, ints, ints, st.integers(0, 99), ints, capped_ok=st.booleans(), refine=st.booleans())
    | st.builds(Nearest, texts, st.binary(max_size=8), st.floats(0, 1), st.none() | st.integers(1, 9))
    | st.builds(Exact, texts, texts)
    | st.builds(Prefix, texts, texts)
    | st.builds(TermRange, texts, numbers, numbers)
    | st.builds(Range, texts, st.none() | floats, st.none() | floats)
    | st.builds(Scan, st.booleans())
    | st.builds(
        PeakMatch,
        texts,
        reals,
        reals,
        floats,
        st.booleans(),
        st.sampled_from(["entropy", "product"]),
        st.sampled_from(["same", "shifted", "either"]),
        reference=st.none() | floats,
        at_least=st.integers(0, 9),
        minimum=floats,
        apart=st.none() | floats,
        others=st.none() | texts,
    ),
    lambda inner: (
        st.builds(AllOf, st.lists(inner, max_size=3).map(tuple))
        | st.builds(AnyOf, st.lists(inner, max_size=3).map(tuple))
        | st.builds(NoneOf, st.lists(inner, max_size=3).map(tuple))
    ),
    max_leaves=6,
)
probes = st.builds(
    Probe,
    texts,
    texts,
    texts,
    questions,
    st.dictionaries(texts, json, max_size=3),
    st.sampled_from(["complete", "sound", "approximate"]),
    minimum=st.floats(0, 1),
    best_tier=st.sampled_from(model.TIERS),
    numerator=st.none() | st.floats(0, 100),
    exact_floor=st.floats(0, 1),
    related=st.none() | st.builds(Nearest, texts, st.binary(max_size=8)),
    searched=st.none() | st.builds(Extent, st.integers(0, 2**50), st.integers(0, 2**32)),
)
pairs = st.none() | st.tuples(st.integers(0, 2**32), st.integers(0, 2**32))
regions = st.builds(Region, st.integers(0, 9), st.integers(0, 9), st.integers(0, 1), floats, pairs)
verdicts = st.builds(Verdict, st.floats(0, 1), st.sampled_from(model.TIERS), st.dictionaries(texts, json, max_size=3))
plain_records = (
    st.builds(Skipped, st.integers(1, 2**40), texts, texts, st.none() | texts)
    | regions
    | verdicts
    | st.builds(Check, probes, st.lists(regions, max_size=2).map(tuple), verdicts)
    | st.builds(Picture, texts, st.binary(max_size=9))
    | st.builds(Failure, texts, texts, texts, texts)
    | probes
)
entries = st.builds(Entry, st.integers(0, 9), texts, texts, texts, st.integers(1, 9), texts, features)


def same_arrays(one: np.ndarray, other: np.ndarray) -> bool:
    return one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()


@modest
@given(plain_records | json)
def test_plain_values_and_records_come_back_equal(value):
    assert wire.unpack(wire.pack(value)) == value


@modest
@given(arrays)
def test_arrays_come_back_bit_by_bit_in_little_endian(array):
    back = wire.unpack(wire.pack(array))
    assert same_arrays(back, array.astype(array.dtype.newbyteorder("<")))
    assert not back.flags.writeable or back.size == 0


@modest
@given(features)
def test_features_come_back_and_have_one_canonical_form(value):
    back = wire.unpack(wire.pack(value))
    assert wire.canonical(back) == wire.canonical(value)
    for name in ("words", "fields", "payload", "size", "keys", "extent"):
        assert getattr(back, name) == getattr(value, name)
    for space, sent in value.seeds.items():
        assert same_arrays(back.seeds[space].keys, sent.keys)
        assert (back.seeds[space].flags is None) == (sent.flags is None)
    for space, array in value.vectors.items():
        assert same_arrays(back.vectors[space], array)
    wire.check(value)


@modest
@given(st.lists(entries | plain_records, max_size=3))
def test_records_nest_in_lists_and_mappings(values):
    assert wire.canonical(wire.unpack(wire.pack({"held": values}))) == wire.canonical({"held": values})


@modest
@given(st.dictionaries(texts, json, min_size=2, max_size=5))
def test_canonical_does_not_depend_on_the_order_of_keys(value):
    assert wire.canonical(dict(reversed(value.items()))) == wire.canonical(value)


def test_canonical_tells_different_values_apart():
    one = Features(fields={"a": 1, "b": 2}, terms={"t": np.array([1, 2], np.uint64)})
    assert wire.canonical(one) != wire.canonical(replace(one, terms={"t": np.array([1, 3], np.uint64)}))
    assert wire.canonical(np.zeros(4, "u1")) != wire.canonical(np.zeros(1, "u4"))


def test_canonical_is_the_same_under_another_hash_seed():
    program = (
        "import sys; from nlsearch import wire; sys.stdout.write(wire.canonical({k: 1 for k in set('abcdefgh')}).hex())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", program], env={"PYTHONHASHSEED": seed}, capture_output=True, check=True, text=True
        ).stdout
        for seed in ("1", "2")
    }
    assert digests == {wire.canonical(dict.fromkeys("hgfedcba", 1)).hex()}


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_give_a_value_that_packs_again_or_wire_error(blob):
    try:
        value = wire.unpack(blob)
    except wire.WireError:
        return
    wire.pack(value)


@modest
@given(entries, st.data())
def test_cut_or_altered_bytes_give_a_value_or_wire_error(entry, data):
    packed = bytearray(wire.pack(entry))
    with pytest.raises(wire.WireError):
        wire.unpack(packed[: data.draw(st.integers(0, len(packed) - 1))])
    packed[data.draw(st.integers(0, len(packed) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        value = wire.unpack(packed)
    except wire.WireError:
        return
    wire.pack(value)


def mark(number: int) -> msgpack.ExtType:
    return msgpack.ExtType(1, bytes([number]))


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ([mark(1), "words"], "10 fields"),
        ([mark(17), "path", 1, "", ""], "int where str"),
        ([mark(15), 1.0, "best", {}], "'best'"),
        ([mark(12), ["x"]], "where Terms or"),
        ([mark(14), 0, 5, 0, 1.0, [1, "x"], 0.0], "str where int"),
        ([mark(14), 0, 5, 0, 1.0, 3, 0.0], "int where a sequence"),
        ([mark(24), 1.5, 1], "float where int"),
        ([mark(2), [mark(0), "<u4", [1], b"abcd"], [mark(0), "<u4", [0], b""], 1, None], "parallel"),
        ([mark(0), "|O8", [1], b"abcdefgh"], "numbers"),
        ([mark(0), "<u4", [-1], b"abcd"], "shape"),
        ([mark(0), "<u4", -1, b"abcd"], "shape"),
        ([mark(0), "<u4", 2, b"abcd"], "not a packed value"),
        ([mark(0), "<u4", [2**40, 2**40], b"abcd"], "not a packed value"),
        ([mark(0), "<u4", [2], b"abcd"], "not a packed value"),
        ([1, mark(11)], "outside"),
        ({"a": mark(11)}, "outside"),
        (mark(200), "extension"),
        (msgpack.ExtType(2, b"\x01"), "extension"),
    ],
)
def test_what_is_no_record_is_refused(value, why):
    with pytest.raises(wire.WireError, match=why):
        wire.unpack(msgpack.packb(value))


@pytest.mark.parametrize("value", [object(), {1, 2}, 2**64, -(2**63) - 1, np.array(["a"]), np.array([object()]), 1j])
def test_what_does_not_travel_is_refused_on_sending(value):
    with pytest.raises(wire.WireError):
        wire.pack([value])


def test_nesting_is_bounded_both_ways():
    deep: list = []
    for _ in range(5000):
        deep = [deep]
    with pytest.raises(wire.WireError):
        wire.pack(deep)
    with pytest.raises(wire.WireError):
        wire.canonical(deep)
    with pytest.raises(wire.WireError):
        wire.unpack(b"\x91" * 5000 + b"\xc0")


def test_numpy_scalars_travel_as_plain_numbers():
    sent = Features(fields={"n": np.int64(3), "x": np.float64(0.5), "yes": np.bool_(True)})
    back = wire.unpack(wire.pack(sent)).fields
    assert back == {"n": 3, "x": 0.5, "yes": True}
    assert type(back["n"]) is int


@pytest.mark.parametrize(
    "wrong",
    [
        Features(terms={"t": np.array([1], np.int64)}),
        Features(vectors={"v": [1.0]}),
        Features(fields={"f": None}),
        Features(seeds={"s": Seeds(np.zeros(2, "u4"), np.zeros(1, "u4"), 3)}),
        Features(words=3),
    ],
)
def test_check_names_what_a_handler_got_wrong(wrong):
    with pytest.raises(wire.WireError, match=r"Features|Seeds"):
        wire.check(wrong)
