"""A large mzML: indexed one scan at a time, in bounded memory.

Usage: ``python benchmarks/bench_spectrum_mzml.py [--megabytes 200] [--peaks 500]``

Makes an mzML of so many megabytes: MS1 and MS2 scans in turns, 64-bit m/z and 32-bit intensities in base64, without
compression, without index; then indexes it in a process of its own, which prints its peak memory and that of its
workers, and asks for a scan.  The same with a tenth of the file: memory must not grow with it.
"""

from __future__ import annotations

import argparse
import base64
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

HEAD = """<?xml version="1.0" encoding="utf-8"?>
<mzML xmlns="http://psi.hupo.org/ms/mzml" id="generated" version="1.1.0">
<cvList count="1"><cv id="MS" fullName="PSI-MS" version="4" URI="ms.obo"/></cvList>
<run id="run"><spectrumList count="0" defaultDataProcessingRef="x">
"""
SCAN = """<spectrum index="{number}" id="scan={scan}" defaultArrayLength="{peaks}">
<cvParam cvRef="MS" accession="MS:1000511" name="ms level" value="{level}"/>
<cvParam cvRef="MS" accession="MS:1000127" name="centroid spectrum" value=""/>
<cvParam cvRef="MS" accession="MS:1000130" name="positive scan" value=""/>
<scanList count="1"><scan><cvParam cvRef="MS" accession="MS:1000016" name="scan start time" value="{time}"
 unitAccession="UO:0000010" unitName="second"/></scan></scanList>{precursor}
<binaryDataArrayList count="2">{arrays}</binaryDataArrayList></spectrum>
"""
PRECURSOR = """<precursorList count="1"><precursor><selectedIonList count="1"><selectedIon>
<cvParam cvRef="MS" accession="MS:1000744" name="selected ion m/z" value="{mz}"/></selectedIon></selectedIonList>
<activation><cvParam cvRef="MS" accession="MS:1000422" name="HCD" value=""/></activation></precursor></precursorList>"""
ARRAY = """<binaryDataArray encodedLength="{length}"><cvParam cvRef="MS" accession="{width}" name="float" value=""/>
<cvParam cvRef="MS" accession="MS:1000576" name="no compression" value=""/>
<cvParam cvRef="MS" accession="{what}" name="array" value=""/><binary>{text}</binary></binaryDataArray>"""
TAIL = "</spectrumList></run></mzML>\n"
INDEXING = """
import resource, sys, threading, time
import nlsearch
anonymous = [0]
def watch():
    while True:
        with open("/proc/self/status") as status:
            anonymous[0] = max(anonymous[0], *(int(line.split()[1]) for line in status if line.startswith("RssAnon")))
        time.sleep(0.02)
threading.Thread(target=watch, daemon=True).start()
with nlsearch.Collection.open(sys.argv[2], create=True) as c:
    report = c.index([sys.argv[1]], jobs=1)
    hits = c.search("mz:\\"500.25\\"{tol_da=0.05}").hits
usage = resource.getrusage
own, theirs = (usage(who).ru_maxrss / 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
cpu = sum(usage(w).ru_utime + usage(w).ru_stime for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
print(f"{report.items:,} scans, {len(report.failures)} failures, {report.seconds:.0f} s, "
      f"{1e6 * cpu / report.items:.0f} us CPU a scan; peak memory: writer {own:.0f} MiB, "
      f"{anonymous[0] / 1024:.0f} of it not mapped files, largest worker {theirs:.0f} MiB; "
      f"{len(hits)} hits of a question")
"""


def make(path: Path, megabytes: float, peaks: int) -> None:
    """Write the file."""
    rng = np.random.default_rng(1)
    with path.open("w") as out:
        out.write(HEAD)
        number = 0
        while out.tell() < megabytes * 1e6:
            level = 1 if number % 5 == 0 else 2
            mz = np.sort(rng.uniform(100, 1500, peaks))
            height = rng.lognormal(8, 2, peaks)
            arrays = array(mz.astype("<f8"), "MS:1000523", "MS:1000514")
            arrays += array(height.astype("<f4"), "MS:1000521", "MS:1000515")
            precursor = PRECURSOR.format(mz=round(float(rng.uniform(200, 1500)), 4)) if level == 2 else ""
            out.write(
                SCAN.format(
                    number=number,
                    scan=number + 1,
                    peaks=peaks,
                    level=level,
                    time=number * 0.3,
                    precursor=precursor,
                    arrays=arrays,
                )
            )
            number += 1
        out.write(TAIL)


def array(values: np.ndarray, width: str, what: str) -> str:
    text = base64.b64encode(values.tobytes()).decode()
    return ARRAY.format(length=len(text), width=width, what=what, text=text)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=float, default=200)
    parser.add_argument("--peaks", type=int, default=500)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        for megabytes in (given.megabytes / 10, given.megabytes):
            path = Path(temporary, f"run-{megabytes:.0f}.mzML")
            make(path, megabytes, given.peaks)
            print(f"{path.stat().st_size / 1e6:.0f} MB: ", end="", flush=True)
            command = [sys.executable, "-c", INDEXING, str(path), str(path.with_suffix(".nls"))]
            subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
