"""What the kind declares: formats, fields, operators, spaces."""

from __future__ import annotations

from nlsearch.handlers.contract import Copies, Field, Format, Operator, Option, Rendering, SeedSpace, Space, TermSpace
from nlsearch.handlers.sound.facts import HUM, SOUND_FORMATS

INTERVALS = "score.interval"
GRAMS = "score.gram"

_XML = rb"(?:\xef\xbb\xbf)?\s{0,100}(?=<)(?=.{0,6000}?<%s[\s>])"
_WIDE_XML = rb"|\xff\xfe<\0(?=.{0,8000}?s\0c\0o\0r\0e\0-\0)|\xfe\xff\0<(?=.{0,8000}?\0s\0c\0o\0r\0e\0-)"
"""The same in UTF-16."""

FORMATS: tuple[Format, ...] = (
    Format("MIDI", "audio/midi", (".mid", ".midi", ".kar", ".rmi"), (b"MThd",), rb"RIFF....RMID"),
    Format(
        "MusicXML",
        "application/vnd.recordare.musicxml+xml",
        (".musicxml",),
        (),
        _XML % rb"score-(?:partwise|timewise)" + _WIDE_XML,
    ),
    Format(
        "MXL",
        "application/vnd.recordare.musicxml",
        (".mxl",),
        (),
        rb"PK\x03\x04.{26}(?:mimetype.{0,40}?application/vnd\.recordare\.musicxml|META-INF/container\.xml(?!.*application/epub))",
    ),
    Format("kern", "text/x-humdrum", (".krn", ".kern"), (), rb"[!*](?=.{0,8000}?(?:^|\t)\*\*kern\b)|\*\*kern\b"),
    Format(
        "ABC",
        "text/vnd.abc",
        (".abc",),
        (b"%abc",),
        rb"[%A-Za-z\s](?=.{0,4000}?^X:\s{0,9}\d+[^\n]*\n[A-Z%]:?)|X:\s{0,9}\d",
    ),
    Format("MEI", "application/mei+xml", (".mei",), (), _XML % rb"(?:\w{1,20}:)?mei(?:Corpus)?"),
    Format("PAE", "text/x-plaine-easie", (".pae",), (), rb"@(?:clef|start|data)(?=.{0,2000}?^@data:)|@data:"),
    Format(
        "score of another program",
        "application/octet-stream",
        (".rntxt", ".rntext", ".romantext", ".rtxt", ".nwctxt", ".capx", ".musedata", ".volpiano", ".vp"),
        (),
        rb"!NoteWorthyComposer",
    ),
)

FIELDS: tuple[Field, ...] = (
    Field("title", "text", "title of the tune or movement", example="ecce"),
    Field("composer", "text", "composer", example="bach"),
    Field("lyricist", "text", "who wrote the words", example="luther"),
    Field("lyrics", "text", "the words that are sung, syllables joined", example="ecce"),
    Field("part", "text", "names of the parts, and of their instruments", example="soprano"),
    Field("instruments", "keyword", "instruments, as the source names them", facet=True, example="Violin"),
    Field("key", "keyword", "key, stated or estimated: G major, E minor, D dorian", facet=True, example="G major"),
    Field(
        "key_source", "keyword", "whether the key is stated or estimated from the notes", facet=True, example="stated"
    ),
    Field("mode", "keyword", "major, minor, dorian …", facet=True, example="minor"),
    Field("meter", "keyword", "meters, as written: 3/4, 6/8", facet=True, example="3/4"),
    Field("chord", "keyword", "chord symbols, numerals and figures, as written", example="Am7"),
    Field("parts", "integer", "parts", example="4"),
    Field("voices", "integer", "voices of all parts", example="4"),
    Field("bars", "integer", "bars of the longest part", example="16"),
    Field("notes", "integer", "sounding notes: ties merged, grace notes out", example="[20 TO 60]"),
    Field("ambitus", "integer", "from the lowest to the highest note", unit="semitones", example="[5 TO 12]"),
    Field("tempo", "float", "at the start", unit="quarter notes a minute", example="[100 TO 140]"),
    Field("year", "integer", "year of composition or print, as stated", example="1725"),
    Field("words", "text", "what else the source says: origin, genre, source, opus", example="hornpipe"),
)

_EDITS = Option("edits", "integer", "notes that may be changed, missing, extra, split or merged", default=0)
_TRANSPOSE = Option("transpose", "boolean", "whether it may be found at another pitch", default=True)
_SPELLING = Option("spelling", "boolean", "whether letter names must agree too", default=False)
_ANCHORED = Option("anchored", "boolean", "only at the beginning of a voice", default=False)
_VOICE = Option("voice", "text", "only in parts or voices of this name, or of this number (parts from 1)", default="")
_DURATIONS = Option(
    "durations", "text", "whether durations count: auto counts them where they are given", "auto", ("auto", "yes", "no")
)
_MELODY = (_EDITS, _TRANSPOSE, _SPELLING, _DURATIONS, _ANCHORED, _VOICE)
_LINE = (_EDITS, _ANCHORED, _VOICE)
_SCORE = "1 − edits / notes of the query, less up to 0.4 of an edit where notes of the query have no counterpart"

OPERATORS: tuple[Operator, ...] = (
    Operator(
        "notes",
        "The line of a voice holds this melody, at any pitch, with at most so many edits",
        'notes:"C4 D4 E4 F4"',
        "complete",
        _SCORE,
        _MELODY,
        "C4 D4 E4, c'4 d'8, do re mi, 60 62 64, with durations C4:8; ? any note, * any number of them",
    ),
    Operator("abc", "As notes, written in ABC", 'abc:"CDE F2"', "complete", _SCORE, _MELODY, "a melody in ABC"),
    Operator(
        "pae",
        "As notes, written in Plaine & Easie",
        'pae:"\'4CDEF"',
        "complete",
        _SCORE,
        _MELODY,
        "a melody in Plaine & Easie",
    ),
    Operator(
        "intervals",
        "The line of a voice moves by these intervals",
        'intervals:"+2 +2 -4"',
        "complete",
        _SCORE,
        _LINE,
        "semitones (+2 -4 0) or names (M3 -m2 P5); ? is any",
    ),
    Operator(
        "degrees",
        "The line of a voice goes through these degrees of its key",
        'degrees:"1 2 3"',
        "complete",
        _SCORE,
        _LINE,
        "degrees 1 to 7 of the key in force, with # or b; ^1 is the same; ? is any",
    ),
    Operator(
        "solfege",
        "As degrees, in syllables: do is the tonic",
        'solfege:"do re mi"',
        "complete",
        _SCORE,
        _LINE,
        "syllables",
    ),
    Operator(
        "contour",
        "The line of a voice goes up, down or repeats like this (Parsons code)",
        'contour:"*UUDR"',
        "complete",
        _SCORE,
        _LINE,
        "U, D and R, after a * for the first note; ? is any",
    ),
    Operator(
        "rhythm",
        "The notes of a voice have durations in these proportions",
        'rhythm:"1 1 2"',
        "complete",
        _SCORE,
        _LINE,
        "durations relative to each other: 1 1 2, 1/4 1/8, with r for rests; ? is any",
    ),
    Operator(
        "chords",
        "The chord symbols or numerals of the score go like this, in any key",
        'chords:"I IV V I"',
        "complete",
        _SCORE,
        (_EDITS,),
        "numerals relative to the key (I IV V7 vi) or chord symbols (C G Am F), the latter in any key",
    ),
    HUM,
    Operator(
        "like",
        "The score holds the melody of this file or item, or a part of it",
        'like:"examples/collection/music/frère jacques.mid"',
        "sound",
        "share of the notes of the shorter one (12 at least) that the best common stretch holds unchanged; less where "
        "other voices agree less",
        (Option("edits", "integer", "edits allowed, of an excerpt of up to 24 notes", default=2),),
        "a file or the id of an item; a recording with kind=score",
        copies=Copies(
            0.9,
            "nine tenths of the notes of the shorter one, at any pitch: an excerpt is a copy of the whole",
        ),
        reads=SOUND_FORMATS,
    ),
)

SPACES: tuple[Space, ...] = (SeedSpace(INTERVALS, 64), TermSpace(GRAMS))

RENDERINGS: tuple[Rendering, ...] = (
    Rendering("roll", "image/svg+xml", ".svg", "a piano roll of the bars around the match, up to 24 bars"),
    Rendering("midi", "audio/midi", ".mid", "the notes of the match, else the whole score, as a MIDI file"),
    Rendering("wav", "audio/wav", ".wav", "the same as sound: plucked tones, 22,050 Hz, the first 60 seconds"),
)
