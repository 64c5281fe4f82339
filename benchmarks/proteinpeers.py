"""blastp, MMseqs2 and DIAMOND: run on a FASTA file of proteins, one thread, and read; CPU is user and system time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from aligners import Run, run

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
def blastp(fasta: Path, queries: Path, *, composition: str, evalue: float = 1e-3) -> Run:
    """Ask for all hits; without statistics of compositions with the E-values of shortened lengths (``OLD_FSC``)."""
    words = ("-comp_based_stats", composition, "-evalue", str(evalue), "-max_target_seqs", ALL, "-num_threads", "1")
    table = ("-outfmt", f"6 {COLUMNS}")
    environment = {"OLD_FSC": "1"} if composition == "0" else {}
    return run(["blastp", "-db", fasta.with_suffix(""), "-query", queries, *words, *table], environment)


# ---------------------------------------------------------------------------------------------------- MMseqs2, DIAMOND
def make_mmseqs(fasta: Path, scratch: Path) -> Run:
    """Make the database and its index."""
    made = run(["mmseqs", "createdb", fasta, scratch / "targets"])
    indexed = run(["mmseqs", "createindex", scratch / "targets", scratch / "tmp", "-s", "7.5", "--threads", "1"])
    return replace(indexed, cpu=made.cpu + indexed.cpu)


def mmseqs(queries: Path, scratch: Path) -> Run:
    """Ask with the highest sensitivity that it documents (7.5)."""
    table = scratch / "mmseqs.tsv"
    words = ("-s", "7.5", "--threads", "1", "-e", "1e-3", "--max-seqs", "20000")
    columns = "query,target,raw,evalue,qstart,qend,tstart,tend"
    places = (queries, scratch / "targets", table, scratch / "tmp")
    taken = run(["mmseqs", "easy-search", *places, *words, "--format-output", columns])
    return replace(taken, said=table.read_text())


def make_diamond(fasta: Path) -> Run:
    """Make the database beside a FASTA file."""
    return run(["diamond", "makedb", "--in", fasta, "-d", fasta.with_suffix(".dmnd"), "--threads", "1"])


def diamond(fasta: Path, queries: Path) -> Run:
    """Ask with its highest sensitivity."""
    words = ("--ultra-sensitive", "--threads", "1", "-e", "1e-3", "--max-target-seqs", "0", "--quiet")
    places = ("-d", fasta.with_suffix(".dmnd"), "-q", queries)
    return run(["diamond", "blastp", *places, *words, "-f", "6", *COLUMNS.split()])


def size(paths: Sequence[Path]) -> int:
    """Return the bytes of files."""
    return sum(path.stat().st_size for path in paths)
