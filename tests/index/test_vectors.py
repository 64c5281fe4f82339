"""The vector index against brute force, and what it says about damage."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nlsearch.errors import IndexDamaged
from nlsearch.handlers.contract import VectorSpace
from nlsearch.index.vectors import GRAPH_ROWS, VectorIndex, VectorWriter, merge_vectors
from nlsearch.model import Nearest

MORGAN = VectorSpace("molecule.morgan", 2048, "tanimoto")
SHORT = VectorSpace("molecule.maccs", 192, "tanimoto")
PHASH = VectorSpace("image.phash", 64, "hamming")
SCENE = VectorSpace("image.scene", 24, "cosine")
SPACES = (MORGAN, SHORT, PHASH, SCENE)


def vectors_of(rng: np.random.Generator, space: VectorSpace, n: int) -> np.ndarray:
    if space.metric == "cosine":
        rows = rng.normal(size=(n, space.dimensions)).astype(np.float32)
        rows[rng.random(n) < 0.05] = 0
        return rows
    bits = rng.random((n, space.dimensions)) < rng.uniform(0, 0.2, (n, 1))
    rows = np.packbits(bits, axis=1, bitorder="little")
    if n > 4:
        rows[rng.integers(0, n, n // 4)] = rows[0]
    return rows


def build(directory: Path, space: VectorSpace, keys: np.ndarray, rows: np.ndarray) -> VectorIndex:
    directory.mkdir(parents=True, exist_ok=True)
    writer = VectorWriter(directory, space)
    for key, row in zip(keys.tolist(), rows, strict=True):
        writer.add(key, row)
    assert writer.finish()["rows"] == len(keys)
    return VectorIndex(directory, space)


def brute(space: VectorSpace, query: np.ndarray, rows: np.ndarray) -> np.ndarray:
    if space.metric == "cosine":
        norms = np.linalg.norm(rows, axis=1) * np.linalg.norm(query)
        cosine = np.divide(rows @ query, norms, out=np.zeros(len(rows)), where=norms > 0)
        return (1 + cosine) / 2
    a = np.unpackbits(query).astype(int)
    b = np.unpackbits(rows, axis=1).astype(int)
    if space.metric == "hamming":
        return 1 - (a != b).sum(axis=1) / space.dimensions
    common, union = (a & b).sum(axis=1), (a | b).sum(axis=1)
    return np.divide(common, union, out=np.zeros(len(rows)), where=union > 0)


def content(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(directory.iterdir())}


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    space=st.sampled_from(SPACES),
    n=st.integers(0, 60),
    minimum=st.sampled_from([0.0, 0.1, 0.5, 0.9, 1.0]),
    limit=st.sampled_from([None, 0, 1, 7, 1000]),
    filtered=st.booleans(),
)
def test_nearest_is_brute_force(
    tmp_path_factory: pytest.TempPathFactory,
    seed: int,
    space: VectorSpace,
    n: int,
    minimum: float,
    limit: int | None,
    filtered: bool,
) -> None:
    rng = np.random.default_rng(seed)
    rows = vectors_of(rng, space, n)
    keys = rng.permutation(200)[:n].astype(np.uint32)
    index = build(tmp_path_factory.mktemp("v"), space, keys, rows)
    query = rows[rng.integers(n)] if n and rng.random() < 0.5 else vectors_of(rng, space, 1)[0]
    allowed = np.unique(rng.integers(0, 250, 60)).astype(np.uint32) if filtered else None
    found, similarities = index.nearest(Nearest(space.name, query.tobytes(), minimum, limit), allowed)
    expected = brute(space, query, rows)
    at = {int(key): float(value) for key, value in zip(keys, expected, strict=True)}
    np.testing.assert_allclose(
        similarities, [at[key] for key in found.tolist()], atol=1e-3 * (space.metric == "cosine") + 1e-6
    )
    assert not index.approximate
    if space.metric == "cosine":
        assert np.all(similarities >= minimum)
        assert np.all(np.diff(similarities) <= 0)
        sure = [key for key in at if at[key] > minimum + 1e-3 and (allowed is None or key in allowed)]
        assert set(sure) <= set(found.tolist()) or len(found) == limit
        return
    eligible = [key for key in at if at[key] >= minimum and (allowed is None or key in allowed)]
    assert found.tolist() == sorted(eligible, key=lambda key: (-at[key], key))[:limit]


@pytest.mark.parametrize("space", SPACES, ids=lambda space: space.name)
def test_similarity_of_given_items(tmp_path: Path, space: VectorSpace) -> None:
    rng = np.random.default_rng(3)
    rows = vectors_of(rng, space, 40)
    keys = rng.permutation(100)[:40].astype(np.uint32)
    index = build(tmp_path, space, keys, rows)
    asked = keys[[7, 3, 30]]
    got = index.similarity(Nearest(space.name, rows[3].tobytes()), np.append(asked, np.uint32(4000)))
    np.testing.assert_allclose(got[:3], brute(space, rows[3], rows[[7, 3, 30]]), atol=1e-3)
    assert got[3] == 0


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), space=st.sampled_from(SPACES), parts=st.integers(1, 3))
def test_merging_gives_the_files_of_a_new_build(
    tmp_path_factory: pytest.TempPathFactory, seed: int, space: VectorSpace, parts: int
) -> None:
    rng = np.random.default_rng(seed)
    home = tmp_path_factory.mktemp("merge")
    new_keys = rng.permutation(1000).tolist()
    kept_keys, kept_rows, indexes = [], [], []
    for number in range(parts):
        rows = vectors_of(rng, space, int(rng.integers(0, 20)))
        keys = rng.permutation(40)[: len(rows)].astype(np.uint32)
        key_map = np.full(40, -1, np.int64)
        for key, row in zip(keys.tolist(), rows, strict=True):
            if rng.random() < 0.8:
                key_map[key] = new_keys.pop()
                kept_keys.append(key_map[key])
                kept_rows.append(row)
        indexes.append((build(home / str(number), space, keys, rows), key_map))
    (home / "merged").mkdir()
    merge_vectors(indexes, home / "merged", space)
    order = np.argsort(kept_keys)
    build(home / "rebuilt", space, np.array(kept_keys, int)[order], [kept_rows[i] for i in order])
    assert content(home / "merged") == content(home / "rebuilt")


def test_many_dense_vectors_get_a_graph(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    rows = rng.normal(size=(GRAPH_ROWS, SCENE.dimensions)).astype(np.float32)
    keys = np.arange(GRAPH_ROWS) * 2
    index = build(tmp_path, SCENE, keys, rows)
    assert index.approximate
    question = Nearest(SCENE.name, rows[77].tobytes(), 0.5, 10)
    found, similarities = index.nearest(question)
    assert found[0] == 154
    assert similarities[0] > 0.999
    exact, _ = index.nearest(question, keys.astype(np.uint32))
    assert len(set(found.tolist()) & set(exact.tolist())) >= 9
    every, _ = index.nearest(Nearest(SCENE.name, rows[77].tobytes(), 0.5))
    assert every[:10].tolist() == exact.tolist()
    path = tmp_path / "image.scene.usearch"
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    with pytest.raises(IndexDamaged):
        VectorIndex(tmp_path, SCENE)
    path.write_bytes(bytes(1000) + whole[1000:])
    with pytest.raises(IndexDamaged):
        VectorIndex(tmp_path, SCENE).nearest(question)


@pytest.mark.parametrize(
    ("space", "vector"),
    [
        (SHORT, np.zeros(23, np.uint8)),
        (SHORT, np.zeros(24, np.float32)),
        (SCENE, np.zeros(25, np.float32)),
        (SCENE, np.full(24, np.nan, np.float32)),
    ],
    ids=["bytes", "dtype", "dimensions", "nan"],
)
def test_vectors_that_are_not_of_the_space_are_refused(tmp_path: Path, space: VectorSpace, vector: np.ndarray) -> None:
    writer = VectorWriter(tmp_path, space)
    with pytest.raises(ValueError, match="space"):
        writer.add(0, vector)
    writer.finish()
    if vector.dtype != np.float32 or space is SCENE:
        with pytest.raises(ValueError, match="space"):
            VectorIndex(tmp_path, space).nearest(Nearest(space.name, vector.tobytes()))


def test_an_item_has_one_vector(tmp_path: Path) -> None:
    writer = VectorWriter(tmp_path, PHASH)
    writer.add(1, np.zeros(8, np.uint8))
    writer.add(1, np.zeros(8, np.uint8))
    with pytest.raises(ValueError, match="two vectors"):
        writer.finish()


@pytest.mark.parametrize("space", [MORGAN, SCENE], ids=["bits", "floats"])
@pytest.mark.parametrize("change", [-1, 1])
def test_every_file_of_another_size_is_damage(tmp_path: Path, space: VectorSpace, change: int) -> None:
    build(tmp_path, space, np.arange(5), vectors_of(np.random.default_rng(0), space, 5))
    for path in sorted(tmp_path.iterdir()):
        whole = path.read_bytes()
        path.write_bytes(whole + b"\0" if change > 0 else whole[:-1])
        with pytest.raises(IndexDamaged):
            VectorIndex(tmp_path, space)
        path.unlink()
        with pytest.raises(IndexDamaged):
            VectorIndex(tmp_path, space)
        path.write_bytes(whole)
    VectorIndex(tmp_path, space)


def test_counts_out_of_order_are_damage(tmp_path: Path) -> None:
    build(tmp_path, MORGAN, np.arange(30), vectors_of(np.random.default_rng(1), MORGAN, 30))
    path = tmp_path / "molecule.morgan.counts"
    path.write_bytes(np.frombuffer(path.read_bytes(), "<u4")[::-1].tobytes())
    with pytest.raises(IndexDamaged):
        VectorIndex(tmp_path, MORGAN).nearest(Nearest(MORGAN.name, bytes(256)))


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(0, 60),
    weights=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    minimum=st.floats(0, 1),
    limit=st.none() | st.integers(0, 20),
    space=st.sampled_from([MORGAN, SHORT]),
    filtered=st.booleans(),
)
@example(seed=0, n=6, weights=(0.0, 0.0), minimum=0.5, limit=None, space=MORGAN, filtered=False)
@example(seed=2, n=6, weights=(5e-324, 1.0), minimum=1.0, limit=None, space=SHORT, filtered=False)
@example(seed=1, n=6, weights=(0.0, 1.0), minimum=0.0, limit=None, space=SHORT, filtered=False)
def test_weighted_similarities_are_rdkits_tversky(
    tmp_path_factory: pytest.TempPathFactory,
    seed: int,
    n: int,
    weights: tuple[float, float],
    minimum: float,
    limit: int | None,
    space: VectorSpace,
    filtered: bool,
) -> None:
    from rdkit import DataStructs

    rng = np.random.default_rng(seed)
    rows, keys = vectors_of(rng, space, n), rng.permutation(1000)[:n].astype(np.uint32)
    index = build(tmp_path_factory.mktemp("weighted"), space, keys, rows)
    query = rows[0] if n and rng.random() < 0.5 else vectors_of(rng, space, 1)[0]
    asked = DataStructs.CreateFromBinaryText(query.tobytes())
    allowed = np.sort(rng.permutation(1000)[:500]).astype(np.uint32) if filtered else None
    similar = {
        int(key): DataStructs.TverskySimilarity(asked, DataStructs.CreateFromBinaryText(row.tobytes()), *weights)
        for key, row in zip(keys, rows, strict=True)
    }
    clear = {key for key, value in similar.items() if abs(value - minimum) > 1e-9}
    wanted = {
        key
        for key, value in similar.items()
        if value >= minimum and (allowed is None or np.isin(np.uint32(key), allowed))
    }
    question = Nearest(space.name, query.tobytes(), minimum, weights=weights)
    found, similarities = index.nearest(question, allowed)
    assert set(found.tolist()) & clear == wanted & clear
    assert similarities.tolist() == pytest.approx([similar[key] for key in found.tolist()], abs=1e-6)
    assert np.all(similarities[1:] <= similarities[:-1])
    few, _ = index.nearest(replace(question, limit=limit), allowed)
    assert few.tolist() == found.tolist()[:limit]
    assert index.similarity(question, keys).tolist() == pytest.approx([similar[key] for key in keys.tolist()], abs=1e-6)


def test_weights_belong_to_tanimoto(tmp_path: Path) -> None:
    index = build(tmp_path, PHASH, np.arange(3, dtype=np.uint32), vectors_of(np.random.default_rng(1), PHASH, 3))
    with pytest.raises(ValueError, match="no weights"):
        index.nearest(Nearest(PHASH.name, bytes(8), weights=(0.5, 0.5)))


def test_counts_over_the_size_are_damage_for_weighted_questions_too(tmp_path: Path) -> None:
    build(tmp_path, MORGAN, np.arange(3, dtype=np.uint32), vectors_of(np.random.default_rng(1), MORGAN, 3))
    (tmp_path / f"{MORGAN.name}.counts").write_bytes(np.array([1, 2, 2**31], "<u4").tobytes())
    with pytest.raises(IndexDamaged, match="more bits than there are"):
        VectorIndex(tmp_path, MORGAN).nearest(Nearest(MORGAN.name, bytes(256), weights=(0.5, 0.5)))
