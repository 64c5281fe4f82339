"""What isolation is in force here, for ``nlsearch doctor``: asked of a worker, not assumed."""

from __future__ import annotations

import sys
import time

from nlsearch.errors import WorkerError
from nlsearch.limits import Limits
from nlsearch.model import Json
from nlsearch.sandbox.pool import Pool

NOT_CONFINED = ("network", "reading other files of the same user", "writing files that the user may write")


def describe(limits: Limits | None = None) -> dict[str, Json]:
    """Start a worker and return what binds it.

    Returns
    -------
    dict
        ``platform``; ``works`` and, if not, ``reason``; ``worker``: what the kernel reports of one, see
        :func:`nlsearch.sandbox.isolation.facts`; ``wall_clock_s``; ``start_ms`` and ``replacement_ms`` measured now;
        ``weak``: names of protections that are missing on this system; ``not_confined``: what no worker is kept from.
    """
    limits = limits or Limits()
    told: dict[str, Json] = {
        "platform": sys.platform,
        "wall_clock_s": limits.worker_seconds,
        "not_confined": list(NOT_CONFINED),
    }
    try:
        with Pool((), limits) as pool:
            began = time.perf_counter()
            worker = pool.facts()
            started = time.perf_counter()
            pool.take("").close()
            pool.facts()
            replaced = time.perf_counter()
    except WorkerError as error:
        return {**told, "works": False, "reason": str(error)}
    return {
        **told,
        "works": True,
        "worker": worker,
        "start_ms": round((started - began) * 1000, 1),
        "replacement_ms": round((replaced - started) * 1000, 1),
        "weak": _weak(worker),
    }


def _weak(worker: dict[str, Json]) -> list[str]:
    wanted = {
        "address_space_bytes": worker["address_space_bytes"] is not None,
        "core_bytes": worker["core_bytes"] == 0,
        "own_session": worker["own_session"],
        "dies_with_parent": worker["dies_with_parent"],
        "no_new_privileges": worker["no_new_privileges"],
        "oom_score_adj": (worker["oom_score_adj"] or 0) > 0,
    }
    return [name for name, holds in wanted.items() if not holds]
