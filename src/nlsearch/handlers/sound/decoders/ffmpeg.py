"""The decoder of FFmpeg, by PyAV: AAC, MP4, Matroska, WMA, AC-3, AMR, APE, WavPack, TTA, DSD, sound of videos.

FFmpeg knows formats that are lists of other files (playlists, concatenations, streams), which it would open.  So only
demuxers that read one file are allowed (``format_whitelist``), and no protocol is (``protocol_whitelist``).

Conventions
-----------
The first audio stream that FFmpeg thinks the best is read.  FFmpeg takes the samples that encoders put in front out of
what is decoded where the container says how many; raw AAC (ADTS) cannot say so, and loses 1024, what most encoders have
at least.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from nlsearch.errors import InputError, MalformedContent, MissingExtra, UnsupportedFeature
from nlsearch.handlers.sound.decoders.decoder import BLOCK_BYTES, BLOCK_FRAMES, GuardedFile, Stated

if TYPE_CHECKING:
    import av
    from numpy.typing import NDArray

DEMUXERS = (
    "aac,ac3,eac3,aiff,amr,ape,asf,au,avi,caf,dsf,dts,flac,flv,iff,matroska,mov,mp3,mpeg,mpegts,ogg,"
    "rm,tak,truehd,tta,voc,w64,wav,wv"
)
"""Demuxers that read the file that they are given and no other."""
OPTIONS = {"format_whitelist": DEMUXERS, "protocol_whitelist": "none"}
_CONTAINERS = {
    "mov,mp4,m4a,3gp,3g2,mj2": "MP4", "matroska,webm": "Matroska", "asf": "ASF", "aac": "ADTS", "wv": "WavPack",
    "ape": "APE", "ogg": "Ogg", "amr": "AMR", "ac3": "AC-3", "eac3": "AC-3",
}  # fmt: skip
_CODECS = {"pcm_mulaw": "mu-law", "pcm_alaw": "a-law", "amrnb": "amr_nb", "amrwb": "amr_wb"}
_LOSSLESS = ("pcm", "flac", "alac", "wavpack", "tta", "ape", "tak", "mlp", "truehd")
_PROTECTED_TAGS = frozenset({"drms", "enca", "p608", "drmi"})
_ASF_ENCRYPTION = (
    bytes.fromhex("fbb3112223bdd211b4b700a0c955fc6e"),  # Content Encryption Object
    bytes.fromhex("14e68a292226174cb935dae07ee9289c"),  # Extended Content Encryption Object
    bytes.fromhex("65d4fb46f22ad642a0c7f6a1a4e34b8f"),  # protection system: PlayReady, where it stands alone
)
_HEADER_BYTES = 65_536
_ADTS_LEAD = 1024
_FULL_SCALE = {np.dtype(np.int16): 2.0**-15, np.dtype(np.int32): 2.0**-31, np.dtype(np.int64): 2.0**-63}


def is_installed() -> bool:
    """Say whether PyAV is there."""
    return importlib.util.find_spec("av") is not None


class FFmpegDecoder:
    """A file that FFmpeg opened.

    Parameters
    ----------
    stream : BinaryIO
        Seekable; :meth:`close` closes it.

    Raises
    ------
    MissingExtra
        If PyAV is not installed.
    MalformedContent
        If FFmpeg refuses it, or it holds no sound.
    UnsupportedFeature
        If FFmpeg has no decoder for its sound.
    InputError
        If the bytes cannot be read.
    """

    def __init__(self, stream: BinaryIO, _form: str = "") -> None:
        if not is_installed():
            stream.close()
            raise MissingExtra("this format of sound needs PyAV", hint="pip install nlsearch[media]")
        import av

        self.complaints: list[str] = []
        self._file = GuardedFile(stream)
        self._refused: type[Exception] = av.FFmpegError
        self._bad = 0
        try:
            head = self._file.read(_HEADER_BYTES)
            size = self._file.size()
            self._container = av.open(self._file, mode="r", metadata_errors="replace", options=OPTIONS)
        except av.FFmpegError as exc:
            self._file.close()
            self._file.check()
            raise MalformedContent(f"FFmpeg does not read it: {exc.strerror}") from exc
        try:
            self._file.check()
            self._start(head, size)
        except InputError:
            self.close()
            raise

    def _start(self, head: bytes, size: int) -> None:
        """Choose the stream and decode its first frame: only that says for certain the rate and the channels."""
        streams = self._container.streams.audio
        if not streams:
            raise MalformedContent("FFmpeg finds no sound in it")
        self._stream: Any = self._container.streams.best("audio") or streams[0]
        context: Any = self._stream.codec_context
        if context is None:
            raise UnsupportedFeature("FFmpeg has no decoder for its sound")
        context.thread_count = 1
        self._protected = _tag(context) in _PROTECTED_TAGS or any(guid in head for guid in _ASF_ENCRYPTION)
        self._lead = _ADTS_LEAD if self._container.format.name == "aac" else 0
        self._frames = iter(()) if self._protected else self._decoded()
        self._first = next(self._frames, None)
        rate = self._first.sample_rate if self._first is not None else context.sample_rate
        channels = self._first.layout.nb_channels if self._first is not None else context.channels
        self.stated = self._say(rate, channels, size)

    def _say(self, rate: int, channels: int, size: int) -> Stated:
        context, stream, container = self._stream.codec_context, self._stream, self._container
        duration = float(stream.duration * stream.time_base) if stream.duration else None
        if duration is None and container.duration:
            duration = container.duration / 1e6
        codec = _codec(context.codec.canonical_name)
        own = getattr(context, "bits_per_raw_sample", 0) or getattr(context, "bits_per_coded_sample", 0)
        name = container.format.name
        return Stated(
            container=_CONTAINERS.get(name, name.upper()),
            codec=codec,
            sample_rate=rate,
            channels=channels,
            bits=(own or 8 * context.format.bytes) if codec.startswith(_LOSSLESS) and context.format else None,
            duration_s=duration,
            bit_rate=context.bit_rate or (round(8 * size / duration) if duration else None),
            protected=self._protected,
        )

    def _decoded(self) -> Iterator[av.AudioFrame]:
        """Yield the frames of the stream; packets that do not decode are counted and left out."""
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets, None)
            except self._refused as exc:
                self.complaints.append(f"reading stops early: {getattr(exc, 'strerror', exc)}")
                return
            if packet is None:
                return
            try:
                yield from packet.decode()
            except self._refused:
                self._bad += 1

    def blocks(self) -> Iterator[NDArray[np.float32]]:
        """Yield the samples until they end or cannot be read."""
        held: list[NDArray[np.float32]] = []
        count = 0
        limit = max(1, min(BLOCK_FRAMES, BLOCK_BYTES // 4 // max(1, self.stated.channels)))
        for samples in self._samples():
            held.append(samples)
            count += len(samples)
            if count >= limit:
                joined = np.concatenate(held)
                yield from (joined[at : at + limit] for at in range(0, count, limit))
                held, count = [], 0
        if held:
            yield np.concatenate(held)
        self._tell()

    def _samples(self) -> Iterator[NDArray[np.float32]]:
        """Yield the samples of each frame, as many channels as stated, without what comes before the sound."""
        frame, lead = self._first, self._lead
        while frame is not None:
            if frame.sample_rate != self.stated.sample_rate:
                self.complaints.append(f"the sampling rate changes to {frame.sample_rate} Hz; what follows is left out")
                return
            samples = _as_float(frame)
            if samples.shape[1] != self.stated.channels:
                samples = self._fitted(samples)
            skipped = min(lead, len(samples))
            lead -= skipped
            yield samples[skipped:]
            frame = next(self._frames, None)

    def _fitted(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        said = "the number of channels changes"
        if said not in self.complaints:
            self.complaints.append(said)
        fitted = np.zeros((len(samples), self.stated.channels), np.float32)
        common = min(samples.shape[1], self.stated.channels)
        fitted[:, :common] = samples[:, :common]
        return fitted

    def _tell(self) -> None:
        if self._bad:
            self.complaints.append(f"{self._bad} packets do not decode and are left out")
        try:
            self._file.check()
        except InputError as exc:
            self.complaints.append(f"reading stops early: {exc.message}")

    def close(self) -> None:
        """Close the file."""
        self._container.close()
        self._file.close()


def _tag(context: Any) -> str:  # noqa: ANN401 - PyAV declares a class without what contexts of sound have
    """Return the four letters by which the container names the codec, ``""`` if they are no letters."""
    try:
        return str(context.codec_tag)
    except UnicodeError:
        return ""


def _codec(name: str) -> str:
    if name in _CODECS:
        return _CODECS[name]
    if name.startswith("pcm_"):
        return "pcm float" if name.startswith("pcm_f") else "pcm"
    return name


def _as_float(frame: av.AudioFrame) -> NDArray[np.float32]:
    """Return a frame's samples: float32, shape (n, channels), full scale 1."""
    raw = frame.to_ndarray()
    shaped = raw.T if frame.format.is_planar else raw.reshape(-1, frame.layout.nb_channels)
    if shaped.dtype == np.uint8:
        return np.asarray((shaped.astype(np.float32) - 128) / 128, np.float32)
    scale = _FULL_SCALE.get(shaped.dtype)
    if scale is None:
        with np.errstate(over="ignore"):
            return np.ascontiguousarray(shaped, np.float32)
    if shaped.dtype == np.int16:  # exact in 32 bits, and faster
        return np.asarray(shaped * np.float32(scale), np.float32)
    return np.asarray(shaped * scale, np.float32)


def read_metadata(stream: BinaryIO) -> dict[str, str]:
    """Return the metadata that FFmpeg finds in a file, which is then closed; none if it refuses it, or is not there.

    Raises
    ------
    InputError
        If the bytes cannot be read.
    """
    file = GuardedFile(stream)
    if not is_installed():
        file.close()
        return {}
    import av

    try:
        with av.open(file, mode="r", metadata_errors="replace", options=OPTIONS) as container:
            streams = [found.metadata for found in container.streams.audio[:1]]
            return {name: value for metadata in (*streams, container.metadata) for name, value in metadata.items()}
    except av.FFmpegError:
        return {}
    finally:
        file.close()
        file.check()
