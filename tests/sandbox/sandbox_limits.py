"""Small caps, so that the tests of the sandbox are quick, and where its troublesome handler is."""

from __future__ import annotations

from pathlib import Path

from nlsearch.limits import MIB, Limits

OUTSIDE = Path(__file__).parent / "outside"
LIMITS = Limits(worker_seconds=60, worker_memory_bytes=900 * MIB, worker_answer_bytes=8 * MIB, records_per_source=5000)
