"""What a molecule costs to index: CPU of all processes, by part, bytes by file; and a cold process to the first hit.

Usage: ``python benchmarks/bench_molecule_index.py [--molecules 20000] [--cold 140000] [--collection FOLDER]``
(needs ../shared/data).  ``--collection`` names the folder in which bench_molecule_peers.py keeps its collections; the
one of ``--cold`` molecules is made there if it is missing.

Parts are measured in this process on the first molecules: RDKit's functions by their names (each is wrapped, which adds
about a microsecond), and between them what remains in each of our own functions.
Goals: 800 molecules per CPU second, 1,500 bytes a molecule, cold process to the first verified hit 1.5 s.
"""

from __future__ import annotations

import argparse
import cProfile
import os
import pstats
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from rdkit import Chem
from rdkit.Chem import rdFingerprintGenerator, rdinchi, rdMolDescriptors, rdmolfiles, rdmolops

import nlsearch
from compounds import JOBS, collection, cpu, query_of, smiles, write
from held import Held
from nlsearch.handlers.molecule import MoleculeHandler
from nlsearch.limits import Limits
from nlsearch.model import RawItem

PARTS = 2000
ROUNDS = 7
WRAPPED = (Chem, rdmolfiles, rdmolops, rdMolDescriptors, rdinchi, rdFingerprintGenerator)
COLD = (
    ("smarts", "c1ccc2[nH]ccc2c1"),
    ("smarts", "[CX3](=O)[NX3]"),
    ("substructure", "O=C(Nc1ccccc1)c1ccco1"),
    ("smiles", "CC(=O)Oc1ccccc1C(=O)O"),
)


# ----------------------------------------------------------------------------------------------------------- end to end
def end_to_end(folder: Path, count: int) -> Path:
    """Index into a new collection and print the rate."""
    files = write(folder, smiles(count))
    with nlsearch.Collection.open(folder / "new.nls", create=True) as opened:
        before, here, started = cpu(), time.process_time(), time.monotonic()
        report = opened.index([files], jobs=JOBS)
    used, here, wall = cpu() - before, time.process_time() - here, time.monotonic() - started
    print(f"{report.items:,} molecules, {len(report.failures)} failures: {used:.1f} CPU s, {wall:.1f} s wall")
    print(f"of it {here:.1f} CPU s in the process that writes, {used - here:.1f} in those that read")
    print(
        f"{report.items / used:.0f} molecules per CPU second (goal 800), {1e6 * used / report.items:.0f} µs a molecule"
    )
    return folder / "new.nls"


def bytes_by_file(home: Path, count: int) -> None:
    """Print the bytes of a molecule by file; names that splits number are taken together."""
    sizes: dict[str, int] = defaultdict(int)
    for path in home.rglob("*"):
        if path.is_file():
            parts = path.relative_to(home).parts
            inside = parts[2:] if parts[0] == "splits" else parts
            sizes["text index" if inside[0] == "text" else "/".join(inside)] += path.stat().st_size
    print(f"\n{sum(sizes.values()) / count:.0f} bytes a molecule (goal 1,500)")
    for name, size in sorted(sizes.items(), key=lambda pair: -pair[1]):
        if size / count >= 0.5:
            print(f"  {name:40} {size / count:8.1f}")


# ---------------------------------------------------------------------------------------------------------------- parts
@contextmanager
def named() -> Iterator[None]:
    """Wrap RDKit's functions in functions of Python, which a profiler sees by name."""
    kept: list[tuple[ModuleType, str, Any]] = []
    wrappers: dict[int, Callable[..., Any]] = {}
    for module in WRAPPED:
        for name, function in vars(module).items():
            if type(function).__module__ == "Boost.Python" and type(function).__name__ == "function":
                kept.append((module, name, function))
    for module, name, function in kept:
        setattr(module, name, wrappers.setdefault(id(function), wrapper(name, function)))
    try:
        yield
    finally:
        for module, name, function in kept:
            setattr(module, name, function)


def wrapper(name: str, function: Any) -> Callable[..., Any]:
    """Return a function of Python called `name` that calls `function`."""

    def call(*values: Any, **named: Any) -> Any:
        return function(*values, **named)

    call.__code__ = call.__code__.replace(co_name=name, co_filename="RDKit")
    return call


def parts(count: int) -> None:
    """Print where the time of reading and describing a molecule goes: own time of each function."""
    handler = MoleculeHandler()
    text = "\n".join(f"{one} M{i}" for i, one in enumerate(smiles(count))).encode()
    work(handler, text[: text.index(b"\n", 3000)])  # imports and caches
    started = time.process_time()
    done = work(handler, text)
    plain = time.process_time() - started
    profile = cProfile.Profile(time.process_time, builtins=False)
    with named():
        profile.runcall(work, handler, text)
    rows: dict[str, list[float]] = {}
    for (file, _, name), (_, calls, own, _, _) in pstats.Stats(profile).stats.items():  # type: ignore[attr-defined]
        place = "RDKit" if file == "RDKit" else Path(file).stem if "nlsearch" in file else "other"
        row = rows.setdefault(f"{place}.{name}" if place != "other" else "other", [0.0, 0.0])
        row[0] += own
        row[1] += calls
    print(f"\nreading and features of {done:,} molecules: {1e6 * plain / done:.0f} µs each; by part, as profiled:")
    print(f"  {'own time of':44} {'µs':>8} {'calls':>8}   a molecule")
    for name, (own, calls) in sorted(rows.items(), key=lambda pair: -pair[1][0]):
        if own / done >= 4e-6:
            print(f"  {name:44} {1e6 * own / done:8.1f} {calls / done:8.1f}")
    print(f"  {'all':44} {1e6 * sum(own for own, _ in rows.values()) / done:8.1f}")


def work(handler: MoleculeHandler, text: bytes) -> int:
    """Read and describe all molecules; return how many."""
    done = 0
    for item in handler.read(Held(text, "memory.smi", "SMILES"), Limits()):
        if isinstance(item, RawItem):
            handler.features(item)
            done += 1
    return done


# ----------------------------------------------------------------------------------------------------------------- cold
def cold(home: Path, count: int) -> None:
    """Print what a fresh process takes until the first verified hit: wall clock and CPU, files in the page cache."""
    print(
        f"\ncold process to the first verified hit, {count:,} molecules (goal 1.5 s); median of {ROUNDS}, least, most"
    )
    commands = [("python -c pass", [sys.executable, "-c", "pass"])]
    for operator, value in COLD:
        query = query_of(operator, value)
        asked = ["-m", "nlsearch.cli", "search", "--limit", "1", "--json", query]
        commands.append((query, [sys.executable, *asked]))
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name, _ in commands}
    for turn in range(ROUNDS + 1):
        for name, command in commands if turn % 2 else reversed(commands):
            measured = child(command, home)
            if turn:  # the first fills the page cache
                taken[name].append(measured)
    for name, both in taken.items():
        wall, used = (f"{statistics.median(v):6.2f} ({min(v):.2f} to {max(v):.2f})" for v in zip(*both, strict=True))
        print(f"  {name:44} wall {wall} s, CPU {used} s")


def child(command: list[str], home: Path) -> tuple[float, float]:
    """Run a command that must find something; return its seconds of wall clock and of CPU."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.monotonic()
    environment = {**os.environ, "NLSEARCH_COLLECTION": str(home)}
    ended = subprocess.run(command, env=environment, capture_output=True, check=False)
    wall = time.monotonic() - started
    if ended.returncode:
        raise SystemExit(f"{command[-1]}: {ended.stderr.decode()}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def run(folder: Path, count: int, cold_count: int, scratch: Path) -> None:
    """Measure everything."""
    home = end_to_end(scratch, count)
    bytes_by_file(home, count)
    parts(min(PARTS, count))
    cold(collection(folder, cold_count) if cold_count != count else home, cold_count)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--molecules", type=int, default=20_000)
    parser.add_argument("--cold", type=int, default=140_000, help="molecules of the collection of the cold start")
    parser.add_argument("--collection", type=Path, help="folder that keeps the collections")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        run(given.collection or Path(scratch), given.molecules, given.cold, Path(scratch))


if __name__ == "__main__":
    main()
