"""The decoder of libsndfile: WAV and its relatives, AIFF, AU, CAF, FLAC, Ogg with Vorbis and Opus, MP3.

Conventions
-----------
libsndfile takes the samples that encoders put in front out of Vorbis and Opus, and out of MP3 where the LAME header
says how many there are; without, 25 ms stay.  Channels of Vorbis and Opus are put into the order of WAV.

References
----------
Vorbis I specification, section 4.3.9 (order of channels); RFC 7845, section 5.1.1.2.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, BinaryIO, Literal

import numpy as np

from nlsearch.errors import InputError, MalformedContent
from nlsearch.handlers.sound.decoders.decoder import BLOCK_BYTES, BLOCK_FRAMES, GuardedFile, SplicedFile, Stated
from nlsearch.handlers.sound.decoders.mpegframes import find_first_frame

if TYPE_CHECKING:
    import soundfile
    from numpy.typing import NDArray

_CONTAINERS = {"WAVEX": "WAV", "OGG": "Ogg", "NIST": "SPHERE", "SVX": "IFF"}
_CODECS = {
    "FLOAT": "pcm float", "DOUBLE": "pcm float", "ULAW": "mu-law", "ALAW": "a-law", "MPEG_LAYER_I": "mp1",
    "MPEG_LAYER_II": "mp2", "MPEG_LAYER_III": "mp3", "GSM610": "gsm",
}  # fmt: skip
_BITS = {"PCM_S8": 8, "PCM_U8": 8, "FLOAT": 32, "DOUBLE": 64, "ULAW": 8, "ALAW": 8}
_MPEG = frozenset({"MP3", "MPEG audio"})
_STREAMED = 0x7FFF_0000
_WAV_ORDER: dict[int, list[int]] = {
    3: [0, 2, 1],
    5: [0, 2, 1, 3, 4],
    6: [0, 2, 1, 5, 3, 4],
    7: [0, 2, 1, 6, 5, 3, 4],
    8: [0, 2, 1, 7, 5, 6, 3, 4],
}
"""Where Vorbis and Opus have the channels of WAV: left, right, centre, low frequencies, back, side."""


class SndfileDecoder:
    """A file that libsndfile opened.

    Parameters
    ----------
    stream : BinaryIO
        Seekable; :meth:`close` closes it.
    form : str
        The format that it was taken for: of MPEG audio the first frame is looked for.

    Raises
    ------
    MalformedContent
        If libsndfile refuses the header, or the first samples.
    InputError
        If the bytes cannot be read.
    """

    def __init__(self, stream: BinaryIO, form: str) -> None:
        import soundfile

        self.complaints: list[str] = []
        self._file = GuardedFile(stream)
        self._refusal = soundfile.SoundFileError
        try:
            size = self._file.size()
            self._note_missing(size)
            first = find_first_frame(self._file, size) if form in _MPEG else None
            file = self._file if first is None else SplicedFile(self._file, first.start, first.prefix)
            if first is not None and first.skipped:
                self.complaints.append(f"{first.skipped:,} bytes before the first frame are no tag and no sound")
            self._sound = _forward_reader()(file)
            self.stated = _stated(self._sound, size, is_open=first is not None and first.is_open)
            self._order = self._channel_order()
            self._first = self._read()
            self._file.check()
        except (soundfile.SoundFileError, ValueError) as exc:
            self._file.close()
            self._file.check()
            raise MalformedContent(f"libsndfile does not read it: {_words(exc)}") from exc
        except InputError:
            self._file.close()
            raise

    def _note_missing(self, size: int) -> None:
        """Complain if a RIFF or IFF file states more bytes than there are; streams state the most possible."""
        head = self._file.read(8)
        self._file.seek(0)
        order: Literal["little", "big"] = "little" if head[:4] == b"RIFF" else "big"
        stated = int.from_bytes(head[4:8], order) + 8
        if head[:4] in {b"RIFF", b"RIFX", b"FORM"} and size < stated < _STREAMED:
            self.complaints.append(f"it is cut short: {stated - size:,} of {stated:,} stated bytes are missing")

    def _channel_order(self) -> list[int] | None:
        return _WAV_ORDER.get(self._sound.channels) if self.stated.codec in {"vorbis", "opus"} else None

    def _read(self) -> NDArray[np.float32]:
        """Read the next block, as it comes out of the library; shape (n, channels), n = 0 at the end."""
        channels = self._sound.channels
        frames = max(1, min(BLOCK_FRAMES, BLOCK_BYTES // 4 // channels))
        block = np.empty((frames, channels), np.float32)
        got = self._sound.buffer_read_into(block, "float32")
        return block[:got] if self._order is None else block[:got, self._order]

    def blocks(self) -> Iterator[NDArray[np.float32]]:
        """Yield the samples until they end or do not decode."""
        block, read = self._first, 0
        try:
            while len(block):
                read += len(block)
                yield block
                block = self._read()
            self._file.check()
        except (self._refusal, InputError) as exc:
            self.complaints.append(f"reading stops after {read / self.stated.sample_rate:.1f} s: {_words(exc)}")

    def close(self) -> None:
        """Close the file."""
        self._sound.close()
        self._file.close()


@functools.cache
def _forward_reader() -> type[soundfile.SoundFile]:
    """Return soundfile's class without a seek after each read: it is slow, and fails at the end of some Opus."""
    import soundfile

    class ForwardReader(soundfile.SoundFile):  # type: ignore[misc]
        """A sound file that is read from its begin to its end."""

        def seekable(self) -> bool:
            return False

    return ForwardReader


def _words(error: Exception) -> str:
    """Return what a library says was wrong, without the name that it gives the file."""
    said = getattr(error, "error_string", None) or getattr(error, "message", None) or str(error)
    if "possibly a pipe" in str(said):  # what libsndfile says of bytes in which it finds no header
        return "it finds no header"
    return str(said).strip().rstrip(".")[:200]


def _stated(sound: soundfile.SoundFile, size: int, *, is_open: bool) -> Stated:
    container = _CONTAINERS.get(sound.format, sound.format)
    is_known = 0 < sound.frames < 2**62 and sound.samplerate and not is_open
    duration = sound.frames / sound.samplerate if is_known else None
    return Stated(
        container=container,
        codec=_codec(sound.format, sound.subtype),
        sample_rate=sound.samplerate,
        channels=sound.channels,
        bits=_bits(sound.subtype),
        duration_s=duration if sound.frames else 0.0,
        bit_rate=round(8 * size / duration) if duration else None,
        protected=False,
    )


def _codec(container: str, subtype: str) -> str:
    if container == "FLAC":
        return "flac"
    if subtype.startswith(("PCM_", "ALAC_")):
        return subtype.partition("_")[0].lower()
    return _CODECS.get(subtype, subtype.replace("_", " ").lower())


def _bits(subtype: str) -> int | None:
    known = _BITS.get(subtype)
    last: Any = subtype.rpartition("_")[2]
    return int(last) if known is None and subtype.startswith(("PCM_", "ALAC_")) and last.isdecimal() else known


def read_strings(stream: BinaryIO) -> dict[str, str]:
    """Return the texts that libsndfile finds in a file (title, artist, …), which is then closed; none if it refuses it.

    Raises
    ------
    InputError
        If the bytes cannot be read.
    """
    import soundfile

    file = GuardedFile(stream)
    try:
        file.size()
        with soundfile.SoundFile(file) as sound:
            return dict(sound.copy_metadata())
    except (soundfile.SoundFileError, ValueError):
        return {}
    finally:
        file.close()
        file.check()
