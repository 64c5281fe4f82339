"""What a cold process costs: ``nlsearch --version``, ``import nlsearch`` and one search on the example collection.

CPU seconds of the child process (user + system), the peer being ``python -c pass`` in the same run, in turns.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROUNDS = 15
EXAMPLES = Path(__file__).parent.parent / "examples" / "collection"
CLI = [sys.executable, "-m", "nlsearch.cli"]


def child_cpu(command: list[str], environment: dict[str, str]) -> float:
    """Run `command` and return its CPU seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def main() -> None:
    """Print the table."""
    script = Path(sys.executable).with_name("nlsearch")
    with tempfile.TemporaryDirectory() as scratch:
        environment = {**os.environ, "NLSEARCH_COLLECTION": str(Path(scratch, "x.nls"))}
        subprocess.run([*CLI, "index", str(EXAMPLES)], env=environment, capture_output=True, check=False)
        commands = {
            "python -c pass": [sys.executable, "-c", "pass"],
            "import nlsearch": [sys.executable, "-c", "import nlsearch"],
            "nlsearch --version": [str(script), "--version"],
            "nlsearch search harbour": [str(script), "search", "harbour"],
            "nlsearch search --json harbour": [str(script), "search", "--json", "harbour"],
            "nlsearch search smarts": [str(script), "search", 'smarts:"c1ccc2[nH]ccc2c1"'],
        }
        times: dict[str, list[float]] = {name: [] for name in commands}
        for turn in range(ROUNDS):
            names = list(commands) if turn % 2 else list(reversed(commands))
            for name in names:
                times[name].append(child_cpu(commands[name], environment))
    bare = statistics.median(times["python -c pass"])
    sys.stdout.write(f"{'command':34} {'CPU ms, median':>15} {'min..max':>15} {'over bare':>10}\n")
    for name, values in times.items():
        median = statistics.median(values)
        spread = f"{min(values) * 1e3:.0f}..{max(values) * 1e3:.0f}"
        sys.stdout.write(f"{name:34} {median * 1e3:15.0f} {spread:>15} {(median - bare) * 1e3:10.0f}\n")


if __name__ == "__main__":
    main()
