"""The vector index: the items most similar to a bit set or a dense vector.

::

    <space>.shape    magic, then rows, dimensions and bytes of the usearch file (u8)
    <space>.keys     the item of each row (u4)
    <space>.bits     bit sets, by count of set bits, then by key     <space>.counts   these counts (u4)
    <space>.folds    the same folded to 256 bits (long sets only)
    <space>.f16      dense vectors of length 1, by key               <space>.usearch  HNSW over them, from 10,000 rows

Bit sets are always searched exactly, by the bounds of :func:`nlsearch.kernels.tanimoto_top`, for Tversky's index too or
by the count of bits.  Dense vectors are too,
unless there are many and the question has a limit and no filter (:attr:`VectorIndex.approximate`).
The similarity of a dense vector is ``(1 + cosine) / 2``; a vector of zeros has cosine 0 with everything.

References
----------
HNSW: Malkov & Yashunin, IEEE TPAMI 2020 42:824.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nlsearch.declarations import VectorSpace
from nlsearch.errors import IndexDamaged
from nlsearch.index.storage import RowSpool, mapped, writing
from nlsearch.kernels import fold, hamming, overlaps, popcounts, tanimoto, tanimoto_top, tversky
from nlsearch.model import Nearest

GRAPH_ROWS = 10_000
"""From so many dense vectors on, a graph is built beside them."""

FOLDED_BITS = 1024
"""From so many bits on, folded sets are kept beside the sets."""

NARROW = 0.05
"""From so high a bound on, Tanimoto finds what a weighted question asks faster than a look at all rows."""
LIGHT = 1e-6
"""Of weights below it rounding alone may make up for any number of bits in one set alone."""

_SHAPE = struct.Struct("<8sQQQ")
_MAGIC = b"NLVECTR1"
_BLOCK = 4096
Keys = NDArray[np.uint32]
Similarities = NDArray[np.float32]


def _file(directory: Path, space: VectorSpace, part: str) -> Path:
    return directory / f"{space.name}.{part}"


def _is_bits(space: VectorSpace) -> bool:
    return space.metric != "cosine"


def _row_type(space: VectorSpace) -> np.dtype[Any]:
    """Return the dtype of a whole row as it is stored."""
    return np.dtype(("u1", (space.dimensions // 8,)) if _is_bits(space) else ("<f2", (space.dimensions,)))


def _normal(vectors: NDArray[Any]) -> NDArray[np.float32]:
    """Scale vectors to length 1; zeros stay zeros."""
    rows = vectors.astype(np.float32)
    length = np.sqrt(np.einsum("...i,...i->...", rows, rows))[..., None]
    scaled: NDArray[np.float32] = np.divide(rows, length, out=np.zeros_like(rows), where=length > 0)
    return scaled


class VectorWriter:
    """Writes the vector index of one space; rows wait on disk, not in memory.

    Parameters
    ----------
    directory : Path
        Where the files ``<space>.*`` are made; it exists.
    space : VectorSpace
    """

    def __init__(self, directory: Path, space: VectorSpace) -> None:
        if _is_bits(space) and space.dimensions % 64:
            raise ValueError(f"space {space.name}: {space.dimensions} bits are not a multiple of 64")
        self._directory, self._space = Path(directory), space
        self._keys: list[int] = []
        self._spool = RowSpool(_file(self._directory, space, "spool"))

    def add(self, key: int, vector: ArrayLike) -> None:
        """Add the vector of an item.

        Parameters
        ----------
        key : int
            The item's number in the split; every item has one vector at most.
        vector : array_like
            uint8 of shape (bits // 8,), or floats of shape (dimensions,).

        Raises
        ------
        ValueError
            If the vector is not one of the space.
        """
        if not 0 <= key < 2**32:
            raise ValueError(f"{key} is no key of an item")
        self._append([key], _as_row(np.asarray(vector), self._space))

    def add_stored(self, keys: NDArray[np.int64], rows: NDArray[Any]) -> None:
        """Add rows as :meth:`VectorIndex.stored` yields them; those with a negative key are left out."""
        kept = keys >= 0
        self._append(keys[kept].tolist(), np.ascontiguousarray(rows[kept]))

    def _append(self, keys: list[int], rows: NDArray[Any]) -> None:
        self._keys.extend(keys)
        self._spool.add(rows)

    def finish(self) -> dict[str, int]:
        """Write the files and return what they hold (JSON-able).

        Raises
        ------
        ValueError
            If an item has two vectors.
        """
        keys = np.array(self._keys, np.uint32)
        if len(np.unique(keys)) != len(keys):
            raise ValueError(f"an item has two vectors in space {self._space.name}")
        row = _row_type(self._space)
        rows = self._spool.all(row.base.str).reshape(len(keys), *row.shape)
        with writing(self._directory):
            graph = self._write_bits(keys, rows) if _is_bits(self._space) else self._write_floats(keys, rows)
            head = _SHAPE.pack(_MAGIC, len(keys), self._space.dimensions, graph)
            _file(self._directory, self._space, "shape").write_bytes(head)
        self._spool.remove()
        return {"rows": len(keys), "dimensions": self._space.dimensions, "graph_bytes": graph}

    def _write_bits(self, keys: Keys, rows: NDArray[np.uint8]) -> int:
        counts = np.concatenate([np.empty(0, np.uint32), *(popcounts(block) for block in _blocks(rows))])
        order = np.lexsort((keys, counts))
        self._write("keys", keys[order])
        self._write("counts", counts[order].astype(np.uint32))
        self._write("bits", *(rows[some] for some in _blocks(order)))
        if self._space.dimensions >= FOLDED_BITS:
            self._write("folds", *(fold(rows[some]) for some in _blocks(order)))
        return 0

    def _write_floats(self, keys: Keys, rows: NDArray[np.float16]) -> int:
        order = np.argsort(keys, kind="stable")
        self._write("keys", keys[order])
        self._write("f16", *(rows[some] for some in _blocks(order)))
        if len(rows) < GRAPH_ROWS:
            return 0
        from usearch.index import Index

        graph = Index(ndim=self._space.dimensions, metric="cos", dtype="f16")
        for some in _blocks(order):
            graph.add(keys[some].astype(np.uint64), rows[some], threads=1)
        path = _file(self._directory, self._space, "usearch")
        graph.save(str(path))
        return path.stat().st_size

    def _write(self, part: str, *arrays: NDArray[Any]) -> None:
        with _file(self._directory, self._space, part).open("wb") as file:
            for array in arrays:
                file.write(np.ascontiguousarray(array).data)


def _blocks(rows: NDArray[Any]) -> Iterator[NDArray[Any]]:
    for start in range(0, len(rows), _BLOCK):
        yield rows[start : start + _BLOCK]


def _as_row(vector: NDArray[Any], space: VectorSpace) -> NDArray[Any]:
    row = _row_type(space)
    if vector.shape != row.shape:
        raise ValueError(f"a vector of space {space.name} has shape {row.shape}, not {vector.shape}")
    if _is_bits(space):
        if vector.dtype != np.uint8:
            raise ValueError(f"bit sets of space {space.name} are uint8, not {vector.dtype}")
        return np.ascontiguousarray(vector)
    if not np.all(np.isfinite(vector)):
        raise ValueError(f"a vector of space {space.name} is not finite")
    return _normal(vector).astype("<f2")


class VectorIndex:
    """Reads the vector index of one space; files are memory-mapped.

    Parameters
    ----------
    directory : Path
    space : VectorSpace

    Attributes
    ----------
    rows : int
        How many items have a vector.
    approximate : bool
        Whether questions with a limit and without a filter are answered by a graph, which may miss some.

    Raises
    ------
    IndexDamaged
        If a file is missing or not of the size that the header implies.
    """

    def __init__(self, directory: Path, space: VectorSpace) -> None:
        self.space = space
        self._directory = Path(directory)
        self.rows, graph_bytes = self._read_shape()
        self.approximate = graph_bytes > 0
        self._graph: Any = None
        self._by_key: NDArray[np.int64] | None = None
        self.keys: Keys = self._map("keys", "<u4", self.rows)
        if _is_bits(space):
            width = space.dimensions // 8
            self._rows = self._map("bits", "u1", self.rows * width).reshape(self.rows, width)
            self._counts = self._map("counts", "<u4", self.rows)
            folded = space.dimensions >= FOLDED_BITS
            self._folds = self._map("folds", "u1", self.rows * 32).reshape(self.rows, 32) if folded else None
        else:
            self._rows = self._map("f16", "<f2", self.rows * space.dimensions).reshape(self.rows, space.dimensions)
        if self.approximate:
            self._map("usearch", "u1", graph_bytes)

    def _read_shape(self) -> tuple[int, int]:
        path = _file(self._directory, self.space, "shape")
        try:
            head = path.read_bytes()
        except OSError as exc:
            raise IndexDamaged(f"cannot be read: {exc}", locator=str(path), hint="run nlsearch check") from exc
        if len(head) != _SHAPE.size or not head.startswith(_MAGIC):
            raise IndexDamaged("is not the shape of a vector index", locator=str(path), hint="run nlsearch check")
        _, rows, dimensions, graph_bytes = _SHAPE.unpack(head)
        if dimensions != self.space.dimensions:
            message = f"was written for {dimensions} dimensions, not {self.space.dimensions}"
            raise IndexDamaged(message, locator=str(path), hint="index again")
        return rows, graph_bytes

    def _map(self, part: str, dtype: str, count: int) -> NDArray[Any]:
        return mapped(_file(self._directory, self.space, part), dtype, count)

    def stored(self) -> Iterator[tuple[Keys, NDArray[Any]]]:
        """Yield keys and rows as they are stored, in blocks."""
        yield from zip(_blocks(self.keys), _blocks(self._rows), strict=True)

    # ------------------------------------------------------------------------------------------------------ questions
    def asks_graph(self, question: Nearest, allowed: Keys | None = None) -> bool:
        """Say whether :meth:`nearest` answers from the graph, which may miss some."""
        return self.approximate and allowed is None and question.limit is not None

    def nearest(self, question: Nearest, allowed: Keys | None = None) -> tuple[Keys, Similarities]:
        """Find the items most similar to the question's vector.

        Parameters
        ----------
        question : Nearest
        allowed : ndarray of uint32, optional
            Look at these items only.

        Returns
        -------
        keys : ndarray of uint32, shape (m,)
            Best first, ties by key.
        similarities : ndarray of float32, shape (m,)
            At least ``question.minimum``, in [0, 1].

        Raises
        ------
        ValueError
            If the question's vector is not one of the space.
        IndexDamaged
            If the files contradict themselves.
        """
        query = self._query(question)
        if question.weights is not None:
            return self._best_weighted(query, question, question.weights, allowed)
        if self.space.metric == "tanimoto":
            where, similarities = self._best_bits(query, question.minimum, question.limit, allowed)
            return self.keys[where], similarities
        if self.asks_graph(question, allowed):
            assert question.limit is not None  # noqa: S101 - only such questions ask the graph
            candidates = self._from_graph(query, question.limit)
            rows = self._rows_of(candidates)
        else:
            rows = np.arange(self.rows) if allowed is None else self._rows_of(allowed)
        return _best(self.keys[rows], self._similarities(query, rows), question)

    def similarity(self, question: Nearest, keys: Keys) -> Similarities:
        """Return the similarity of the question's vector to items, in their order; 0 for items without a vector."""
        asked = np.asarray(keys, np.uint32)
        known = np.isin(asked, self.keys)
        answer = np.zeros(len(asked), np.float32)
        query, rows = self._query(question), self._rows_of(asked[known])
        weights = question.weights
        answer[known] = self._similarities(query, rows) if weights is None else self._weighted(query, rows, weights)
        return answer

    def _query(self, question: Nearest) -> NDArray[Any]:
        if question.weights is not None and self.space.metric != "tanimoto":
            raise ValueError(f"space {self.space.name} is of metric {self.space.metric}, which has no weights")
        vector = np.frombuffer(question.vector, np.uint8)
        if _is_bits(self.space):
            return _as_row(vector, self.space)
        if len(vector) != 4 * self.space.dimensions:
            raise ValueError(f"a vector of space {self.space.name} has {4 * self.space.dimensions} bytes")
        floats = vector.view("<f4")
        if not np.all(np.isfinite(floats)):
            raise ValueError(f"a vector of space {self.space.name} is not finite")
        return _normal(floats)

    def _best_bits(
        self, query: NDArray[np.uint8], minimum: float, limit: int | None, allowed: Keys | None
    ) -> tuple[NDArray[np.uint32], Similarities]:
        """Return rows, not keys, by Tanimoto."""
        mask = None if allowed is None else np.isin(self.keys, allowed)
        try:
            return tanimoto_top(
                query, self._rows, self._counts, minimum, limit, keys=self.keys, folded=self._folds, mask=mask
            )
        except ValueError as exc:
            path = _file(self._directory, self.space, "counts")
            raise IndexDamaged(str(exc), locator=str(path), hint="run nlsearch check") from exc

    def _best_weighted(
        self, query: NDArray[np.uint8], question: Nearest, weights: tuple[float, float], allowed: Keys | None
    ) -> tuple[Keys, Similarities]:
        """Answer by Tversky's index; only rows that are similar enough by Tanimoto, or by their counts, are looked at.

        An index of at least m needs c + α x + β y ≤ c / m with x and y bits in one set alone, so that x + y is at most
        c (1 / m − 1) / min(α, β), and Tanimoto at least 1 / (1 + (1 / m − 1) / min(α, β)).
        """
        least, lighter = min(1.0, question.minimum), min(weights)
        tanimoto_at_least = 0.0 if lighter < LIGHT else lighter * least / (lighter * least + 1 - least)
        if tanimoto_at_least >= NARROW:
            rows = self._best_bits(query, tanimoto_at_least - 1e-6, None, allowed)[0].astype(np.int64)
        else:
            rows = self._countable(query, question.minimum, weights)
            rows = rows if allowed is None else rows[np.isin(self.keys[rows], allowed)]
        return _best(self.keys[rows], self._weighted(query, rows, weights), question)

    def _countable(self, query: NDArray[np.uint8], minimum: float, weights: tuple[float, float]) -> NDArray[np.int64]:
        """Return the rows whose count of bits allows an index of at least `minimum`."""
        if self.rows and int(self._counts.max()) > self.space.dimensions:
            path = _file(self._directory, self.space, "counts")
            raise IndexDamaged("counts more bits than there are", locator=str(path), hint="run nlsearch check")
        own, possible = int(popcounts(query[None])[0]), np.arange(self.space.dimensions + 1)
        enough = tversky(np.minimum(possible, own), own, possible, weights) >= minimum
        return np.flatnonzero(enough[self._counts])

    def _weighted(
        self, query: NDArray[np.uint8], rows: NDArray[np.int64], weights: tuple[float, float]
    ) -> NDArray[np.float64]:
        own = int(popcounts(query[None])[0])
        found = [np.empty(0, np.float64)]
        for some in _blocks(rows):
            counts = self._counts[some]
            found.append(tversky(overlaps(query, self._rows[some], counts), own, counts, weights))
        return np.concatenate(found)

    def _similarities(self, query: NDArray[Any], rows: NDArray[np.int64]) -> NDArray[np.float64]:
        found = [np.empty(0, np.float64)]
        for some in _blocks(rows):
            stored = self._rows[some]
            if self.space.metric == "tanimoto":
                found.append(tanimoto(query, stored, self._counts[some]).astype(np.float64))
            elif self.space.metric == "hamming":
                found.append(1 - hamming(query, stored) / self.space.dimensions)
            else:
                found.append(np.clip((1 + (_normal(stored) @ query).astype(np.float64)) / 2, 0, 1))
        return np.concatenate(found)

    def _rows_of(self, keys: Keys) -> NDArray[np.int64]:
        """Return the rows of those of `keys` that have a vector."""
        if self._by_key is None:
            self._by_key = np.argsort(self.keys, kind="stable")
        known = np.asarray(keys, np.uint32)[np.isin(keys, self.keys)]
        return self._by_key[np.searchsorted(self.keys, known, sorter=self._by_key)]

    def _from_graph(self, query: NDArray[np.float32], limit: int) -> Keys:
        path = _file(self._directory, self.space, "usearch")
        if self._graph is None:
            from usearch.index import Index

            try:
                self._graph = Index.restore(str(path), view=True)
            except (RuntimeError, ValueError) as exc:
                raise IndexDamaged(f"cannot be read: {exc}", locator=str(path), hint="run nlsearch check") from exc
        if self._graph is None:
            raise IndexDamaged("is not a usearch index", locator=str(path), hint="run nlsearch check")
        matches = self._graph.search(query.astype(np.float16), min(limit, self.rows), threads=1)
        found: Keys = np.asarray(matches.keys).astype(np.uint32)
        return found


def _best(keys: Keys, similarities: NDArray[np.float64], question: Nearest) -> tuple[Keys, Similarities]:
    """Keep what is similar enough, best first, ties by key, at most ``question.limit``."""
    kept = np.flatnonzero(similarities >= question.minimum)
    limit = question.limit
    if limit is not None and 0 < limit < len(kept):
        least = np.partition(similarities[kept], len(kept) - limit)[len(kept) - limit]
        kept = kept[similarities[kept] >= least]
    order = kept[np.lexsort((keys[kept], -similarities[kept]))][:limit]
    return keys[order], similarities[order].astype(np.float32)


def merge_vectors(
    parts: Sequence[tuple[VectorIndex, NDArray[np.int64]]], directory: Path, space: VectorSpace
) -> dict[str, int]:
    """Merge vector indexes of one space; the files are those that a new build would give.

    Parameters
    ----------
    parts : sequence of (VectorIndex, ndarray of int64, shape (n,))
        Each with the new key of each of its split's items, by old key; -1 leaves an item out.
    directory : Path
    space : VectorSpace

    Returns
    -------
    dict
        As :meth:`VectorWriter.finish` does.

    Raises
    ------
    ValueError
        If a part is of another space, or two items get one key.
    """
    writer = VectorWriter(directory, space)
    for index, key_map in parts:
        if (index.space.dimensions, index.space.metric) != (space.dimensions, space.metric):
            raise ValueError(f"a part does not have the layout of space {space.name}")
        for keys, rows in index.stored():
            writer.add_stored(np.asarray(key_map, np.int64)[keys], rows)
    return writer.finish()
