"""Index a folder and search it: the commands a newcomer would type, with what they answer.

Usage: ``python examples/demo.py [FOLDER]``.  Without a folder it tours ``examples/collection``.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
TOUR: tuple[tuple[str, list[str]], ...] = (
    ("Words find items of every kind.", ["search", "harbour"]),
    ("A SMARTS pattern: the atoms that match are the evidence (tier exact).", ["search", 'smarts:"c1ccc2[nH]ccc2c1"']),
    (
        "A whole molecule: itself is exact, others are near, with their similarity.",
        ["search", 'smiles:"CC(=O)Oc1ccccc1C(=O)O"~0.4', "--limit", "4"],
    ),
    (
        "DNA on both strands with one error allowed: the sickle-cell mutation is near, the alignment says where.",
        ["search", 'dna:"ATGGTGCATCTGACTCCTGAGGAGAAG"{mismatches=1}'],
    ),
    (
        "Query by example: the detail cut out of the harbour, and the rotated scan inside the ZIP.",
        ["like", "{folder}/pictures/harbour, detail.png"],
    ),
    (
        "Operators, fields and words mix in one expression.",
        ["search", 'smarts:"[OX2H]c1ccccc1" AND mass:[150 TO 300] AND NOT name:morphine'],
    ),
    (
        "A list of peaks: spectra like it, with every pair of peaks that matches.",
        ["search", 'peaks:"138.0662:100 110.0713:17 195.0877:60"{precursor=195.0877}'],
    ),
    (
        "A melody at any pitch, with one edit allowed: the hit says in which bars, and what differs.",
        ["search", 'notes:"F#4 F#4 G4 A4 A4 G4 E4 E4"{edits=1}'],
    ),
    ("Either a structure or a sequence.", ["search", 'smiles:"CCC[C@H]1CCCCN1"~0.9 OR gene:INS']),
    (
        "Related items are listed only when asked for, after all hits, and are never called a match.",
        ["search", 'smiles:"NCCc1c[nH]c2ccc(O)cc12"~0.95{related=yes}', "--limit", "4"],
    ),
    ("No match is a normal answer.", ["search", 'smarts:"[U]"']),
    ("A mistake in a query points at its column.", ["search", 'smarts:"c1ccccc1" AND masss:[100 TO 200]']),
    ("Every file or record that gave no item is listed with its reason.", ["failures"]),
)
OWN: tuple[tuple[str, list[str]], ...] = (
    ("What is in it?", ["stats"]),
    (
        "Everything, by kind.",
        [
            "search",
            "kind:molecule OR kind:nucleotide OR kind:image OR kind:spectrum OR kind:score",
            "--limit",
            "5",
            "--facet",
            "kind",
        ],
    ),
    ("What could not be read, and why?", ["failures"]),
)


def run(arguments: list[str], environment: dict[str, str]) -> None:
    """Print a command, run it, and let it print its answer."""
    sys.stdout.write(f"$ nlsearch {shlex.join(arguments)}\n")
    sys.stdout.flush()
    subprocess.run([sys.executable, "-m", "nlsearch.cli", *arguments], env=environment, check=False)
    sys.stdout.write("\n")
    sys.stdout.flush()


def main(folder: str | None) -> None:
    """Run the tour on the example collection, or look around in the user's own `folder`."""
    chosen = Path(folder) if folder else HERE / "collection"
    with tempfile.TemporaryDirectory() as scratch:
        environment = {**os.environ, "NLSEARCH_COLLECTION": str(Path(scratch, "demo.nls"))}
        run(["index", str(chosen)], environment)
        for sentence, arguments in OWN if folder else TOUR:
            sys.stdout.write(f"# {sentence}\n")
            run([part.replace("{folder}", str(chosen)) for part in arguments], environment)
        if not folder:
            sys.stdout.write("Your own folder: make demo FOLDER=path, or nlsearch index path; nlsearch search …\n")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else None)
