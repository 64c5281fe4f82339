"""How values travel between processes and machines: msgpack, with arrays and the records of :mod:`nlsearch.model`.

Never pickle: unpacking builds plain values, NumPy arrays of numbers and the listed dataclasses, and nothing else, so
bytes from a process that foreign content may have taken over can do no more than be refused.

Format
------
msgpack (https://github.com/msgpack/msgpack/blob/master/spec.md) with one extension type, 1, whose single byte names a
class.  A record is an array that starts with this mark: ``[mark, field, field, …]`` in the order of the dataclass; an
ndarray is ``[mark, dtype, shape, bytes]``, C order, little-endian, the shape of a single axis as a number.  So large
arrays and payloads are copied once, however deep they sit.

Conventions
-----------
Keys of mappings are texts.  Texts may hold lone surrogates (file names that are not UTF-8).  Tuples arrive as lists,
except where a record declares a tuple.  Arrays arrive read-only.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import fields as dataclass_fields
from typing import Any, TypeAlias, get_args

import msgpack
import numpy as np
from numpy.typing import NDArray

from nlsearch import model

FieldCheck: TypeAlias = Callable[[Any], Any]

_MARK = 1
_DTYPE = re.compile(r"\|[biu]1|<[iuf][248]")
_MAX_AXES = 8
_SCALARS = (str, int, float, np.integer, np.bool_)
_PLAIN = frozenset({str, int, float, bool})
_UINT64 = np.dtype("<u8")


class WireError(ValueError):
    """The bytes or the value are not what travels here."""


# --------------------------------------------------------------------------------------------- what a field may hold
def _is(*types: type) -> FieldCheck:
    usual = types[0]

    def check(value: Any) -> Any:  # noqa: ANN401 - any value may come out of the bytes
        if type(value) is not usual and not isinstance(value, types):
            raise WireError(f"{type(value).__name__} where {' or '.join(t.__name__ for t in types)} belongs")
        return value

    return check


def _one_of(*values: str) -> FieldCheck:
    def check(value: Any) -> Any:  # noqa: ANN401
        if value not in values:
            raise WireError(f"{value!r:.40} where one of {values} belongs")
        return value

    return check


def _maybe(inner: FieldCheck) -> FieldCheck:
    return lambda value: None if value is None else inner(value)


def _mapping(inner: FieldCheck) -> FieldCheck:
    def check(value: Any) -> Any:  # noqa: ANN401
        if not isinstance(value, dict):
            raise WireError(f"{type(value).__name__} where a mapping belongs")
        for key, held in value.items():
            if not isinstance(key, str):
                raise WireError(f"key of type {type(key).__name__} where a text belongs")
            inner(held)
        return value

    return check


def _tuple(inner: FieldCheck) -> FieldCheck:
    def check(value: Any) -> Any:  # noqa: ANN401
        if not isinstance(value, (list, tuple)):
            raise WireError(f"{type(value).__name__} where a sequence belongs")
        for held in value:
            inner(held)
        return tuple(value)

    return check


def _array(kinds: str, axes: int = 1) -> FieldCheck:
    def check(value: Any) -> Any:  # noqa: ANN401
        if not isinstance(value, np.ndarray) or value.dtype.kind not in kinds or value.ndim != axes:
            raise WireError(f"{_describe(value)} where an array of kind {kinds!r} with {axes} axis belongs")
        return value

    return check


def _terms(value: Any) -> Any:  # noqa: ANN401
    if not isinstance(value, np.ndarray) or value.dtype != _UINT64 or value.ndim != 1:
        raise WireError(f"{_describe(value)} where an array of uint64 belongs")
    return value


def _field_value(value: Any) -> Any:  # noqa: ANN401
    for held in value if type(value) is list else (value,):
        if type(held) not in _PLAIN and not isinstance(held, _SCALARS):
            raise WireError(f"{type(held).__name__} is not a field's value")
    return value


def _describe(value: object) -> str:
    if isinstance(value, np.ndarray):
        return f"array of {value.dtype} with shape {value.shape}"
    return type(value).__name__


_text, _integer, _number, _flag, _bytes = _is(str), _is(int), _is(int, float), _is(bool), _is(bytes, memoryview)
_tier, _guarantee = _one_of(*model.TIERS), _one_of("complete", "sound", "approximate")
_json = _mapping(lambda value: value)
_question = _is(*get_args(model.Question))

# In the order of the dataclasses' fields.  A class keeps its number for ever: it stands in stored bytes.
_RECORDS: dict[int, tuple[type, tuple[FieldCheck, ...]]] = {
    1: (
        model.Features,
        (
            _text,
            _mapping(_field_value),
            _mapping(_terms),
            _mapping(_is(model.Seeds)),
            _mapping(_array("uf")),
            _bytes,
            _number,
            _mapping(_text),
            _mapping(_is(model.Peaks)),
            _integer,
        ),
    ),
    2: (model.Seeds, (_array("u"), _array("u"), _integer, _maybe(_array("u")))),
    3: (model.Skipped, (_integer, _text, _text, _maybe(_text))),
    4: (model.Entry, (_integer, _text, _text, _text, _integer, _text, _is(model.Features))),
    5: (
        model.Probe,
        (
            _text,
            _text,
            _text,
            _question,
            _json,
            _guarantee,
            _number,
            _tier,
            _maybe(_number),
            _number,
            _maybe(_is(model.Nearest)),
            _maybe(_is(model.Extent)),
            _maybe(_question),
        ),
    ),
    6: (model.Terms, (_text, _tuple(_integer), _maybe(_integer))),
    7: (
        model.SeedMatch,
        (
            _text,
            _tuple(_integer),
            _tuple(_integer),
            _integer,
            _tuple(_integer),
            _integer,
            _integer,
            _integer,
            _flag,
            _flag,
            _tuple(_integer),
            _tuple(_integer),
            _integer,
            _tuple(_integer),
            _integer,
        ),
    ),
    8: (model.Nearest, (_text, _bytes, _number, _maybe(_integer), _flag, _maybe(_tuple(_number)))),
    9: (model.Exact, (_text, _text)),
    10: (model.Range, (_text, _maybe(_number), _maybe(_number))),
    11: (model.Scan, (_flag,)),
    12: (model.AllOf, (_tuple(_question),)),
    13: (model.AnyOf, (_tuple(_question),)),
    14: (model.Region, (_integer, _integer, _integer, _number, _maybe(_tuple(_integer)), _number)),
    15: (model.Verdict, (_number, _tier, _json)),
    16: (model.Picture, (_text, _bytes)),
    17: (model.Failure, (_text, _text, _text, _text)),
    18: (model.Check, (_is(model.Probe), _tuple(_is(model.Region)), _is(model.Verdict))),
    19: (model.TermRange, (_text, _integer, _integer)),
    20: (model.Prefix, (_text, _text)),
    21: (model.NoneOf, (_tuple(_question),)),
    22: (model.Peaks, (_array("f"), _array("f"), _number, _number, _number, _number, _number)),
    23: (
        model.PeakMatch,
        (
            _text,
            _tuple(_number),
            _tuple(_number),
            _number,
            _flag,
            _one_of("entropy", "product"),
            _one_of("same", "shifted", "either"),
            _maybe(_number),
            _integer,
            _number,
            _maybe(_number),
            _maybe(_text),
        ),
    ),
    24: (model.Extent, (_integer, _integer)),
}
_ARRAY = 0
_FIELDS: dict[type, tuple[str, ...]] = {c: tuple(f.name for f in dataclass_fields(c)) for c, _ in _RECORDS.values()}
_MARKS: dict[type, msgpack.ExtType] = {c: msgpack.ExtType(_MARK, bytes([n])) for n, (c, _) in _RECORDS.items()}
_ARRAY_MARK = msgpack.ExtType(_MARK, bytes([_ARRAY]))


# ------------------------------------------------------------------------------------------------------------ packing
def pack(obj: object) -> bytes:
    """Pack a value, an array, a record of :mod:`nlsearch.model`, or lists and mappings of these.

    Raises
    ------
    WireError
        If it holds something that does not travel (another class, an integer over 64 bits, nesting over 500 levels).
    """
    try:
        packed: bytes = msgpack.packb(obj, default=_lower, unicode_errors="surrogatepass")
    except (TypeError, ValueError, OverflowError, RecursionError) as exc:
        raise WireError(f"does not travel: {exc}") from exc
    return packed


def canonical(obj: object) -> bytes:
    """Pack `obj` with the keys of all mappings sorted: equal values give equal bytes, in every process.

    Arrays are equal if dtype (but for byte order), shape and elements are; lists and tuples are alike.
    """
    try:
        return pack(_sorted(obj))
    except RecursionError as exc:
        raise WireError("nested too deeply") from exc


def _lower(obj: Any) -> Any:  # noqa: ANN401 - msgpack hands over whatever it does not know
    mark = _MARKS.get(type(obj))
    if mark is not None:
        return [mark, *[getattr(obj, name) for name in _FIELDS[type(obj)]]]
    if isinstance(obj, np.ndarray):
        return _lower_array(obj)
    if isinstance(obj, np.generic):
        return obj.item()
    raise WireError(f"no way to pack a {type(obj).__module__}.{type(obj).__name__}")


def _lower_array(array: NDArray[Any]) -> list[Any]:
    array = np.asarray(array, dtype=array.dtype.newbyteorder("<"), order="C")
    if not _DTYPE.fullmatch(array.dtype.str) or array.ndim > _MAX_AXES:
        raise WireError(f"no way to pack an array of {array.dtype} with {array.ndim} axes")
    raw = array.data.cast("B") if array.size and array.ndim else array.tobytes()
    shape = len(array) if array.ndim == 1 else array.shape
    return [_ARRAY_MARK, array.dtype.str, shape, raw]


def _sorted(obj: Any) -> Any:  # noqa: ANN401
    if isinstance(obj, dict):
        return {key: _sorted(obj[key]) for key in sorted(obj)}
    if isinstance(obj, (list, tuple)) and not isinstance(obj, msgpack.ExtType):
        return [_sorted(held) for held in obj]
    if type(obj) in _MARKS:
        return _sorted(_lower(obj))
    return obj


# ---------------------------------------------------------------------------------------------------------- unpacking
def unpack(packed: bytes | bytearray | memoryview) -> Any:  # noqa: ANN401 - whatever was packed
    """Return what :func:`pack` packed; every record is checked field by field.

    Raises
    ------
    WireError
        If the bytes are not exactly one packed value, or a record holds something else than its class declares.
    """
    reading = _Reading()
    try:
        value = msgpack.unpackb(
            packed,
            ext_hook=reading.mark,
            list_hook=reading.sequence,
            unicode_errors="surrogatepass",
            timestamp=1,  # the one extension that msgpack reads by itself: a plain float
        )
    except WireError:
        raise
    except (ValueError, TypeError, OverflowError, RecursionError, msgpack.UnpackException) as exc:
        raise WireError(f"not a packed value: {exc}") from exc
    if reading.open_marks:
        raise WireError("a class mark outside a record")
    return value


def check(record: object) -> None:
    """Check the fields of a record (and what it holds) before it is sent, as :func:`unpack` does after.

    Raises
    ------
    WireError
        Naming the field.
    """
    mark = _MARKS.get(type(record))
    if mark is None:
        raise WireError(f"{type(record).__name__} is no record")
    values = [getattr(record, name) for name in _FIELDS[type(record)]]
    _build(mark.data[0], values)
    if isinstance(record, model.Features):
        for held in (*record.seeds.values(), *record.peaks.values()):
            check(held)


class _Mark:
    """A class mark between the two hooks of msgpack."""

    __slots__ = ("number",)

    def __init__(self, number: int) -> None:
        self.number = number


_HEADS: dict[bytes, _Mark] = {bytes([n]): _Mark(n) for n in (_ARRAY, *_RECORDS)}


class _Reading:
    """One unpacking: every mark must be the head of a list, or it would leak into the values."""

    __slots__ = ("open_marks",)

    def __init__(self) -> None:
        self.open_marks = 0

    def mark(self, code: int, body: bytes) -> _Mark:
        """Read the extension value that opens a record."""
        mark = _HEADS.get(body) if code == _MARK else None
        if mark is None:
            raise WireError(f"unknown extension {code}")
        self.open_marks += 1
        return mark

    def sequence(self, held: list[Any]) -> Any:  # noqa: ANN401
        """Make a record of a sequence that begins with a mark."""
        if not held or type(held[0]) is not _Mark:
            return held
        self.open_marks -= 1
        number = held[0].number
        del held[0]
        return _build_array(held) if number == _ARRAY else _build(number, held)


def _build(number: int, values: list[Any]) -> Any:  # noqa: ANN401
    record, checks = _RECORDS[number]
    if len(values) != len(checks):
        raise WireError(f"{record.__name__} has {len(checks)} fields, not {len(values)}")
    try:
        checked = [one(value) for one, value in zip(checks, values, strict=True)]
    except WireError as exc:
        raise WireError(f"{record.__name__}: {exc}") from exc
    if record is model.Seeds:
        _check_parallel(checked[0], checked[1], checked[3])
    if record is model.Peaks and len(checked[0]) != len(checked[1]):
        raise WireError("Peaks: positions and weights are not parallel")
    return record(*checked)


def _check_parallel(keys: NDArray[Any], positions: NDArray[Any], flags: NDArray[Any] | None) -> None:
    if len(keys) != len(positions) or (flags is not None and len(flags) != len(keys)):
        raise WireError("Seeds: keys, positions and flags are not parallel")


def _build_array(held: list[Any]) -> NDArray[Any]:
    if len(held) != 3:
        raise WireError("an array has three parts")
    dtype, shape, raw = held
    if not isinstance(dtype, str) or not _DTYPE.fullmatch(dtype) or not isinstance(raw, bytes):
        raise WireError("not an array of numbers")
    if not _is_shape(shape):
        raise WireError("not a shape")
    array = np.frombuffer(raw, dtype)
    return array if shape == array.size else array.reshape(shape)  # refuses another size with ValueError


def _is_shape(shape: object) -> bool:
    if isinstance(shape, list):
        return len(shape) <= _MAX_AXES and _all_sizes(shape)
    return type(shape) is int and shape >= 0


def _all_sizes(shape: Iterable[object]) -> bool:
    return all(type(size) is int and size >= 0 for size in shape)
