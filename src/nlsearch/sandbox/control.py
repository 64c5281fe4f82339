"""The few messages between a pool and its template: whole frames, with descriptors passed along (SCM_RIGHTS)."""

from __future__ import annotations

import math
import os
import select
import socket
from collections.abc import Sequence

from nlsearch.limits import MIB
from nlsearch.sandbox.frames import FrameReader, Message, frame

MAX_BYTES = 4 * MIB


def is_readable(channel: socket.socket, seconds: float) -> bool:
    """Wait up to so many seconds and say whether something can be read from a socket, whatever its number.

    ``select`` refuses numbers from 1024 on, which a process with many open files has.
    """
    poll = select.poll()
    poll.register(channel, select.POLLIN)
    return bool(poll.poll(math.ceil(1000 * max(0.0, seconds))))


def send(control: socket.socket, message: Message, descriptors: Sequence[int] = ()) -> None:
    """Send `message`, and with its first byte `descriptors`."""
    packed = frame(message)
    sent = socket.send_fds(control, [packed], list(descriptors)) if descriptors else control.send(packed)
    control.sendall(packed[sent:])


def receive(control: socket.socket) -> tuple[Message | None, list[int]]:
    """Return the next message and the descriptors that came with it, or None at the end of the stream.

    Nothing may be sent before it is answered, so no byte of a further message is read.

    Raises
    ------
    Garbled
        If what arrives is no frame.
    TimeoutError
        If the socket has a timeout and it runs out.
    """
    reader = FrameReader(MAX_BYTES)
    descriptors: list[int] = []
    while True:
        chunk, passed, _, _ = socket.recv_fds(control, 65536, 1)
        for descriptor in passed:
            os.set_inheritable(descriptor, False)
        descriptors += passed
        if not chunk:
            for descriptor in descriptors:
                os.close(descriptor)
            return None, []
        for message in reader.feed(chunk):
            return message, descriptors
