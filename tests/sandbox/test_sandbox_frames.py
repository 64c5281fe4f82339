"""The protocol: whole frames however they are cut, and nothing but answers."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlsearch import errors, wire
from nlsearch.errors import NlsearchError, QuerySyntax
from nlsearch.model import Features
from nlsearch.sandbox.frames import (
    HEADER,
    MAGIC,
    MAX_TEXT,
    FrameReader,
    Garbled,
    check_answer,
    frame,
    message_of,
    outcome_of,
)
from nlsearch.sandbox.outcomes import Done, Failed, ReadEntry, SkippedRecord

MESSAGES = [["done", 1, 2, False], ["skipped", 1, "#1", "why", "code"], ["facts", {"a": 1}], ["x", b"y" * 300]]
EVERY_ERROR = sorted(
    (c for c in vars(errors).values() if isinstance(c, type) and issubclass(c, NlsearchError)), key=lambda c: c.code
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 40), min_size=1))
def test_frames_arrive_whole_however_the_stream_is_cut(steps):
    stream = b"".join(frame(message) for message in MESSAGES)
    reader = FrameReader(1000)
    got = []
    at = 0
    while at < len(stream):
        step = steps[at % len(steps)]
        got += reader.feed(stream[at : at + step])
        at += step
    assert got == MESSAGES
    assert not reader.pending


@pytest.mark.parametrize(
    ("stream", "why"),
    [
        (b"HTTP/1.1 200 OK", "outside the protocol"),
        (HEADER.pack(MAGIC, 2**31), "over the cap"),
        (HEADER.pack(MAGIC, 3) + b"\xc1\xc1\xc1", "not a packed value"),
        (HEADER.pack(MAGIC, 1) + wire.pack(5), "without a message"),
        (HEADER.pack(MAGIC, 1) + wire.pack([]), "without a message"),
    ],
)
def test_what_is_no_frame_is_refused(stream, why):
    with pytest.raises(Garbled, match=why):
        list(FrameReader(1000).feed(stream))


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=50))
def test_garbage_never_does_more_than_be_refused(garbage):
    try:
        for message in FrameReader(1000).feed(garbage):
            check_answer(message)
    except Garbled:
        return


@pytest.mark.parametrize(
    "message",
    [
        ["nonesuch"],
        ["done", 1, 2],
        ["done", "1", 2, False],
        ["entry", "k", 1, "#1", "t", {}],
        ["failed", "c", 1, "", ""],
    ],
)
def test_what_is_no_answer_is_refused(message):
    with pytest.raises(Garbled):
        check_answer(message)


@pytest.mark.parametrize("outcome", [SkippedRecord(3, "#x", "why", "input"), Done(4, 5)])
def test_outcomes_travel(outcome):
    message = wire.unpack(wire.pack(message_of(outcome)))
    check_answer(message)
    assert outcome_of(message) == outcome


def test_an_entry_travels_with_its_features():
    message = message_of(ReadEntry("k", 3, "#3", "t", Features(words="w", payload=b"p")))
    back = outcome_of(wire.unpack(wire.pack(message)))
    assert (back.kind, back.number, back.locator, back.title) == ("k", 3, "#3", "t")
    assert back.features == Features(words="w", payload=b"p")


@pytest.mark.parametrize("error_class", EVERY_ERROR, ids=lambda c: c.code)
def test_every_error_keeps_its_class_and_parts(error_class):
    error = error_class("what", locator="where", hint="do")
    back = outcome_of(wire.unpack(wire.pack(message_of(Failed(error))))).error
    assert type(back) is error_class
    assert (back.message, back.locator, back.hint) == ("what", "where", "do")


def test_a_column_travels_and_long_texts_are_cut():
    back = outcome_of(message_of(Failed(QuerySyntax("x" * 10_000, column=3)))).error
    assert (back.column, len(back.message)) == (3, MAX_TEXT)


def test_an_unknown_code_is_a_worker_error():
    assert outcome_of(["failed", "rm -rf", "m", "", "", None, False]).code == "worker"
