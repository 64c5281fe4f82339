"""The motif kernel beside its oracle and beside a loop."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlsearch import kernels


@given(st.integers(0, 2**32), st.integers(0, 400), st.integers(0, 150), st.floats(0.1, 1.0), st.integers(0, 30))
def test_every_place_is_found(seed: int, n: int, size: int, share: float, most: int) -> None:
    draw = np.random.default_rng(seed)
    codes = draw.integers(0, draw.integers(1, 16), n).astype(np.uint8)
    allowed = draw.random((size, kernels.MOTIF_CODES)) < share
    if size and n > size:  # a copy, so that long motifs occur
        at = int(draw.integers(0, n - size + 1))
        allowed[np.arange(size), codes[at : at + size]] = True
    slow = [
        start for start in range(n - size + 1 if size else 0) if all(allowed[i, codes[start + i]] for i in range(size))
    ]
    for find in (kernels.find_motif, kernels.find_motif_reference):
        count, starts = find(codes, allowed, most)
        assert count == len(slow)
        assert starts.tolist() == slow[:most]


def test_a_motif_has_a_set_for_every_code() -> None:
    with pytest.raises(ValueError, match="shape"):
        kernels.find_motif(bytes(4), np.ones((2, 4), np.bool_), 5)
    with pytest.raises(ValueError, match="no fewer than 0"):
        kernels.find_motif(bytes(4), np.ones((2, 16), np.bool_), -1)
