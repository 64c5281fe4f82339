"""blastp, MMseqs2 and DIAMOND: run on a FASTA file of proteins, one thread, and read; CPU is user and system time."""

from __future__ import annotations

import importlib
import importlib.util
import os
import resource
import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

ALL = "1000000"
COLUMNS = "qseqid sseqid score evalue qstart qend sstart send"


@dataclass(frozen=True, slots=True)
class Found:
    """The best alignment of a query and a target: raw score, E-value, half-open ranges."""

    score: int
    evalue: float
    query: tuple[int, int]
    target: tuple[int, int]


Hits = dict[tuple[str, str], Found]


@dataclass(frozen=True, slots=True)
class Run:
    """What a program wrote, and its seconds of CPU."""

    said: str
    cpu: float


def installed(*programs: str) -> bool:
    """Say whether programs are on the path, and name what is left out otherwise."""
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        print(f"left out: {', '.join(missing)} not installed")
    return not missing


def cpu() -> float:
    """Return CPU seconds of this process and of those that it waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + used.ru_utime + used.ru_stime


def run(*command: str | Path, **environment: str) -> Run:
    """Run a program to its end.

    Raises
    ------
    subprocess.CalledProcessError
        If it fails.
    """
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    said = subprocess.run(
        [str(word) for word in command], env={**os.environ, **environment}, capture_output=True, text=True, check=True
    ).stdout
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Run(said, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def hits_of(table: str) -> Hits:
    """Read a table of :data:`COLUMNS`, of every pair the alignment with the highest score."""
    found: Hits = {}
    for line in table.splitlines():
        query, target, score, evalue, q0, q1, t0, t1 = line.split("\t")
        one = Found(int(score), float(evalue), (int(q0) - 1, int(q1)), (int(t0) - 1, int(t1)))
        if (query, target) not in found or found[query, target].score < one.score:
            found[query, target] = one
    return found


# -------------------------------------------------------------------------------------------------------------- blastp
def make_blast(fasta: Path) -> Run:
    """Make the database beside a FASTA file."""
    return run("makeblastdb", "-in", fasta, "-dbtype", "prot", "-out", fasta.with_suffix(""))


def blastp(fasta: Path, queries: Path, *, composition: str, evalue: float = 1e-3) -> Run:
    """Ask for all hits; without statistics of compositions with the E-values of shortened lengths (``OLD_FSC``)."""
    words = ("-comp_based_stats", composition, "-evalue", str(evalue), "-max_target_seqs", ALL, "-num_threads", "1")
    table = ("-outfmt", f"6 {COLUMNS}")
    environment = {"OLD_FSC": "1"} if composition == "0" else {}
    return run("blastp", "-db", fasta.with_suffix(""), "-query", queries, *words, *table, **environment)


def blastp_in_process(fasta: Path, queries: Path, evalue: float = 1e-3) -> list[Callable[[], int]] | None:
    """Return for each query a call of blastp in this process that counts hits; None without pyncbitk."""
    if importlib.util.find_spec("pyncbitk") is None:
        print("left out: pyncbitk not installed")
        return None
    tools = importlib.import_module("pyncbitk.objtools")
    program = importlib.import_module("pyncbitk.algo.blast").BlastP(evalue=evalue)
    program.max_target_sequences = int(ALL)
    opened = tools.DatabaseReader(str(fasta.with_suffix("")))

    def ask(query: object) -> int:
        return sum(1 for result in program.run(query, opened) for _ in result.alignments)

    return [lambda query=query: ask(query) for query in tools.FastaReader(str(queries), split=False)]  # type: ignore[misc]


# ---------------------------------------------------------------------------------------------------- MMseqs2, DIAMOND
def make_mmseqs(fasta: Path, scratch: Path) -> Run:
    """Make the database and its index."""
    made = run("mmseqs", "createdb", fasta, scratch / "targets")
    indexed = run("mmseqs", "createindex", scratch / "targets", scratch / "tmp", "-s", "7.5", "--threads", "1")
    return Run("", made.cpu + indexed.cpu)


def mmseqs(queries: Path, scratch: Path) -> Run:
    """Ask with the highest sensitivity that it documents (7.5)."""
    table = scratch / "mmseqs.tsv"
    words = ("-s", "7.5", "--threads", "1", "-e", "1e-3", "--max-seqs", "20000")
    columns = "query,target,raw,evalue,qstart,qend,tstart,tend"
    taken = run(
        *("mmseqs", "easy-search", queries, scratch / "targets", table, scratch / "tmp"),
        *words,
        "--format-output",
        columns,
    )
    return Run(table.read_text(), taken.cpu)


def make_diamond(fasta: Path) -> Run:
    """Make the database beside a FASTA file."""
    return run("diamond", "makedb", "--in", fasta, "-d", fasta.with_suffix(".dmnd"), "--threads", "1")


def diamond(fasta: Path, queries: Path) -> Run:
    """Ask with its highest sensitivity."""
    words = ("--ultra-sensitive", "--threads", "1", "-e", "1e-3", "--max-target-seqs", "0", "--quiet")
    return run(
        *("diamond", "blastp", "-d", fasta.with_suffix(".dmnd"), "-q", queries, *words),
        *("-f", "6", *COLUMNS.split()),
    )


def size(paths: Sequence[Path]) -> int:
    """Return the bytes of files."""
    return sum(path.stat().st_size for path in paths)
