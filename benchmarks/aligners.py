"""BLAST, minimap2 and their like: found where they are installed, run as a process or in this one, and read."""

from __future__ import annotations

import importlib
import importlib.util
import os
import resource
import shutil
import subprocess
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

COLUMNS = "qseqid sseqid qstart qend sstart send sstrand score bitscore evalue qseq sseq"


@dataclass(frozen=True, slots=True)
class Place:
    """An alignment: half-open ranges on the forward strands; what a program does not tell is empty."""

    query: str
    record: str
    q_start: int
    q_end: int
    t_start: int
    t_end: int
    strand: str
    score: float = 0.0
    bits: float = 0.0
    evalue: float = 0.0
    rows: tuple[str, str] = ("", "")

    @property
    def range(self) -> tuple[str, str, str, int, int, int, int]:
        """What two alignments have in common that join the same stretches."""
        return self.query, self.record, self.strand, self.q_start, self.q_end, self.t_start, self.t_end

    def overlap(self, start: int, end: int) -> int:
        """Return how many letters of a range of the record the alignment covers."""
        return max(0, min(self.t_end, end) - max(self.t_start, start))


@dataclass(frozen=True, slots=True)
class Run:
    """What a process said and took: seconds of CPU and wall, peak resident bytes."""

    said: str
    cpu: float
    wall: float
    peak: int


def with_children() -> float:
    """Return CPU seconds of this process and of those that it waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + used.ru_utime + used.ru_stime


def installed(*programs: str) -> bool:
    """Say whether programs are on the path, and name what is left out otherwise."""
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        print(f"left out: {', '.join(missing)} not installed")
    return not missing


def library(name: str) -> Any | None:
    """Import a library, or say that it is left out."""
    if importlib.util.find_spec(name.split(".", maxsplit=1)[0]) is None:
        print(f"left out: {name} not installed")
        return None
    return importlib.import_module(name)


def run(command: Sequence[str | Path], environment: dict[str, str] | None = None) -> Run:
    """Run a program to its end.

    Raises
    ------
    subprocess.CalledProcessError
        If it fails.
    """
    words = [str(word) for word in command]
    started = time.monotonic()
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env={**os.environ, **(environment or {})}
    ) as process:
        said = process.stdout.read() if process.stdout else ""
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, words)
    return Run(said, used.ru_utime + used.ru_stime, time.monotonic() - started, used.ru_maxrss * 1024)


# --------------------------------------------------------------------------------------------------------------- BLAST
def make_blast(fasta: Path, letters: str = "nucl") -> Run:
    """Make the database of a FASTA file of nucleotides, or of proteins (``prot``), beside it."""
    return run(["makeblastdb", "-in", fasta, "-dbtype", letters, "-out", fasta.with_suffix("")])


def blast(fasta: Path, queries: Path, task: str = "blastn", evalue: float = 1e-3) -> Run:
    """Ask for all alignments, without filters or limits, with one thread."""
    limits = ["-max_target_seqs", "1000000", "-evalue", str(evalue), "-num_threads", "1"]
    command = ["blastn", "-task", task, "-dust", "no", "-db", fasta.with_suffix(""), "-query", queries]
    return run([*command, *limits, "-outfmt", f"6 {COLUMNS}"])


def blast_places(said: str) -> list[Place]:
    """Read the table that :func:`blast` asks for."""
    found = []
    for line in said.splitlines():
        query, record, q0, q1, t0, t1, strand, score, bits, evalue, above, below = line.split("\t")
        low, high = sorted((int(t0), int(t1)))
        sign = "-" if strand == "minus" else "+"
        numbers = float(score), float(bits), float(evalue)
        found.append(Place(query, record, int(q0) - 1, int(q1), low - 1, high, sign, *numbers, (above, below)))
    return found


def blast_in_process(
    fasta: Path, queries: Path, evalue: float = 1e-3, program: str = "BlastN", **settings: object
) -> list[Callable[[], int]] | None:
    """Return, for each query, a call of BLAST in this process (pyncbitk) that counts alignments; None without it."""
    if library("pyncbitk") is None:
        return None
    made = getattr(importlib.import_module("pyncbitk.algo.blast"), program)(evalue=evalue, **settings)
    made.max_target_sequences = 1_000_000
    tools = importlib.import_module("pyncbitk.objtools")
    opened = tools.DatabaseReader(str(fasta.with_suffix("")))

    def ask(query: object) -> int:
        return sum(1 for result in made.run(query, opened) for _ in result.alignments)

    return [lambda query=query: ask(query) for query in tools.FastaReader(str(queries), split=False)]


# ------------------------------------------------------------------------------------------------------------ minimap2
def make_minimap(fasta: Path) -> Run:
    """Write the index of a FASTA file beside it."""
    return run(["minimap2", "-t", "1", "-d", fasta.with_suffix(".mmi"), fasta])


def minimap(fasta: Path, queries: Path) -> Run:
    """Map with alignments, with one thread."""
    return run(["minimap2", "-c", "-t", "1", fasta.with_suffix(".mmi"), queries])


def paf_places(said: str) -> list[Place]:
    """Read PAF."""
    rows = (line.split("\t") for line in said.splitlines())
    return [Place(r[0], r[5], int(r[2]), int(r[3]), int(r[7]), int(r[8]), r[4]) for r in rows]


def minimap_in_process(fasta: Path, queries: Iterable[str]) -> list[Callable[[], int]] | None:
    """Return, for each query, a call of mappy that counts alignments; None without it."""
    mappy = library("mappy")
    if mappy is None:
        return None
    index = mappy.Aligner(str(fasta.with_suffix(".mmi")), n_threads=1)
    return [lambda query=query: sum(1 for _ in index.map(query)) for query in queries]
