"""What music21 reads and nothing else here does: RomanText, MuseData, capella, NoteWorthy text, Volpiano.

The last resort, only where music21 is installed (``nlsearch[music]``).  RomanText gives harmonies and no notes.

References
----------
M. Cuthbert, C. Ariza, Proc. ISMIR 2010 (music21).  RomanText: D. Tymoczko, M. Gotham et al., Proc. ISMIR 2019.
MuseData: W. Hewlett, in E. Selfridge-Field (ed.), Beyond MIDI, MIT Press 1997.
"""

from __future__ import annotations

import importlib.util
import io
import re
import warnings
from collections.abc import Iterator
from typing import Any, BinaryIO
from xml.etree.ElementTree import ParseError
from xml.parsers.expat import ExpatError

from nlsearch.errors import LimitExceeded, MalformedContent, MissingExtra, UnsupportedFeature
from nlsearch.handlers.score.formats.laststreams import score_of
from nlsearch.handlers.score.formats.mxl import MAGIC, member
from nlsearch.handlers.score.formats.xmltree import Wanted, branches
from nlsearch.handlers.texts import as_utf8, decoded
from nlsearch.limits import Limits
from nlsearch.model import RawItem, Skipped

_SIGNS: tuple[tuple[str, str], ...] = (
    ("noteworthytext", r"\s*!NoteWorthyComposer"),
    ("musedata", r"(?s).*^Group memberships:"),
    ("volpiano", r"\s*(?:[a-zA-Z0-9+.]+\s*:\s*)?[12]-[-0-9a-zA-Z)(\[\]\s]*\Z"),
    ("romantext", r"(?s).*^(?:m\d+\S*\s|(?:Composer|Piece|Title|Analyst|Movement|Time Signature)\s*:)"),
)
"""music21's name of a format, and what the text of such a file begins with or has in it."""
_CAPELLA = "score.xml"
_FAILURES = (
    ArithmeticError, AssertionError, AttributeError, ExpatError, LookupError, NotImplementedError, OSError, ParseError,
    RuntimeError, StopIteration, TypeError, ValueError,
)  # fmt: skip
"""What music21 raises for files that it does not understand, beside its own errors."""


def records(stream: BinaryIO, limits: Limits) -> Iterator[RawItem | Skipped]:
    """Yield the scores of a file that music21 reads.

    The content is a :class:`~nlsearch.handlers.score.notation.Score`.

    Raises
    ------
    MissingExtra
        If music21 is not installed.
    MalformedContent
        If music21 cannot read the file.
    UnsupportedFeature
        If it is of no format that is read so.
    LimitExceeded
        If it is over the cap ``record_bytes``.
    """
    if importlib.util.find_spec("music21") is None:
        raise MissingExtra(
            "this format is read by music21, which is not installed", hint="pip install 'nlsearch[music]'"
        )
    text, name = _text(stream, limits)
    for number, stream21 in enumerate(_parsed(text, name), 1):
        try:
            score = score_of(stream21, limits)
        except LimitExceeded as exc:
            yield Skipped(number, exc.message, exc.code)
        except _FAILURES as exc:
            yield Skipped(number, f"music21 cannot put it in order: {_said(exc)}")
        else:
            yield RawItem(score, number, score.title, warnings=score.warnings)


def _text(stream: BinaryIO, limits: Limits) -> tuple[str, str]:
    """Return the text of a file, and what music21 calls its format."""
    head = stream.read(len(MAGIC))
    stream.seek(0)
    if head == MAGIC:
        content = member(stream, limits, _CAPELLA)
        for _ in branches(io.BytesIO(content), limits, Wanted()):  # refuses entities, which music21 does not
            pass
        return decoded(content), "capella"
    content = as_utf8(stream).read(limits.record_bytes + 1)
    limits.check("record_bytes", len(content))
    text = decoded(content).removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    for name, pattern in _SIGNS:
        if re.match(pattern, text[:20_000], re.MULTILINE):
            return text, name
    raise UnsupportedFeature("it is of no format that music21 is asked to read")


def _parsed(text: str, name: str) -> list[Any]:
    from music21 import capella, converter, exceptions21, noteworthy, stream

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if name == "noteworthytext":
                translator: Any = noteworthy.translate.NoteworthyTranslator
                whole = translator().parseString(text)
            elif name == "capella":
                importer_class: Any = capella.fromCapellaXML.CapellaImporter
                importer = importer_class()
                systems = importer.systemScoreFromScore(importer.parseXMLText(text))
                whole = importer.partScoreFromSystemScore(systems)
            else:
                whole = converter.parseData(text, format=name)
    except (exceptions21.Music21Exception, *_FAILURES) as exc:
        raise MalformedContent(f"music21 does not read it as {name}: {_said(exc)}") from exc
    return list(whole.scores) if isinstance(whole, stream.Opus) else [whole]


def _said(exc: BaseException) -> str:
    return f"{type(exc).__name__}: {exc}"[:200]
