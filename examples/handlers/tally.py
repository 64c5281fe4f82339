"""A whole kind in one file: number sequences, one ``name: 3 1 4 1 5`` a line, searched by a run of numbers."""

import numpy as np

from nlsearch.errors import QuerySyntax
from nlsearch.handlers.contract import Field, Format, Operator, TermSpace
from nlsearch.model import Features, Picture, Probe, RawItem, Skipped, Terms, Verdict


class HANDLER:
    """Conventions: positions count numbers from 0, ranges are half-open; numbers are 0 to 2**32 − 1."""

    kind, version, requires = "tally", 1, ()
    formats = (Format("tally", "text/x-tally", (".tally",)),)
    fields = (Field("length", "integer", "how many numbers", example="length:>=5"),)
    spaces = (TermSpace("tally.number"),)
    operators = (
        Operator("run", "the numbers follow one another", 'run:"1 4 1"', "complete", "numbers asked / length"),
        Operator("like", "the whole sequence occurs", 'like:"pi.tally"', "complete", "numbers asked / length"),
    )

    def read(self, source, limits):
        with source.open() as lines:
            for number, line in enumerate(lines, 1):
                name, _, numbers = line.decode("utf-8", "replace").partition(":")
                if numbers.split() and all(n.isdecimal() for n in numbers.split()):
                    yield RawItem([int(n) for n in numbers.split()], number, name.strip())
                else:
                    yield Skipped(number, "not of the form 'name: 1 2 3'")

    def features(self, item):
        numbers = np.array(item.content, dtype="<u4")
        terms = {"tally.number": np.unique(numbers).astype(np.uint64)}
        size = float(len(numbers))
        return Features(fields={"length": len(numbers)}, terms=terms, payload=numbers.tobytes(), size=size)

    def compile(self, operator, value, options):
        if operator == "run":
            run = [int(n) for n in value.split() if n.isdecimal()]
            if not run or len(run) < len(value.split()):
                raise QuerySyntax(f"{value!r} is not a run of whole numbers", hint='write run:"1 4 1"')
        elif isinstance(value, bytes):  # an item that is indexed: its payload
            run = np.frombuffer(value, dtype="<u4").tolist()
        else:  # a file: its first sequence
            run = next(item.content for item in self.read(value, None) if isinstance(item, RawItem))
        ask = Terms("tally.number", tuple(sorted(set(run))))
        return Probe("tally", operator, f"{len(run)} numbers", ask, {"run": run}, "complete", numerator=len(run))

    def verify(self, probe, payload, regions=()):
        numbers, run = np.frombuffer(payload, dtype="<u4").tolist(), probe.verification["run"]
        starts = [i for i in range(len(numbers) - len(run) + 1) if numbers[i : i + len(run)] == run]
        evidence = {"positions": [[start, start + len(run)] for start in starts]}
        return Verdict(len(run) / len(numbers), "exact", evidence) if starts else None

    def draw(self, payload, verdict=None):
        text = " ".join(map(str, np.frombuffer(payload, dtype="<u4").tolist()))
        svg = f'<svg xmlns="http://www.w3.org/2000/svg"><text y="20">{text}</text></svg>'
        return Picture("image/svg+xml", svg.encode())
