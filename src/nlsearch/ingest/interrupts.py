"""Puts Ctrl-C off until a step that must not be torn apart is done."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Interrupts:
    """Raises ``KeyboardInterrupt`` between steps instead of within one; a context manager.

    Only Python's own handler is replaced, and only in the main thread, where it would interrupt.
    """

    def __init__(self) -> None:
        self._depth = 0
        self._asked = False
        self._replaced = False

    def __enter__(self) -> Interrupts:
        main = threading.current_thread() is threading.main_thread()
        if main and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, self._on_signal)
            self._replaced = True
        return self

    def __exit__(self, *error: object) -> None:
        if self._replaced:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    @property
    def asked(self) -> bool:
        """Whether an interrupt is held back: a long step may look, and end early."""
        return self._asked

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold an interrupt back until the block ends; blocks may be nested."""
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1
        if self._asked and not self._depth:
            self._asked = False
            raise KeyboardInterrupt

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        if not self._depth:
            raise KeyboardInterrupt
        self._asked = True
