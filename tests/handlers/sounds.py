"""Sound files that tests synthesise: a chirp with clicks, written in every format that the libraries write."""

from __future__ import annotations

import io
from fractions import Fraction
from typing import Any

import numpy as np

RATE = 44_100
CLICKS_S = (0.5, 1.25, 2.0, 3.1)
SECONDS = 4.0


def chirp(rate: int = RATE, seconds: float = SECONDS, level: float = 0.05) -> np.ndarray:
    """Return a quiet chirp, 200 to 3,000 Hz, with loud clicks (4 ms of 1.5 kHz) at :data:`CLICKS_S`; (n,) float32."""
    t = np.arange(round(rate * seconds)) / rate
    signal = level * np.sin(2 * np.pi * (200 * t + 1400 / seconds * t * t / 2))
    length = round(0.004 * rate)
    click = 0.9 * np.sin(2 * np.pi * 1500 * np.arange(length) / rate) * np.hanning(length)
    for at in CLICKS_S:
        begin = round(at * rate)
        signal[begin : begin + length] += click[: max(0, len(signal) - begin)]
    return np.clip(signal, -1, 1).astype(np.float32)


def clicks(signal: np.ndarray, rate: int) -> list[float]:
    """Return when the clicks of :func:`chirp` begin in a mono signal, in seconds."""
    loud = np.flatnonzero(np.abs(signal) > 0.4)
    if not len(loud):
        return []
    starts = loud[np.concatenate([[True], np.diff(loud) > 0.2 * rate])]
    return [round(float(start) / rate - 0.0015, 4) for start in starts]


def by_soundfile(samples: np.ndarray, rate: int, container: str, subtype: str | None = None, **more: Any) -> bytes:
    """Write with libsndfile; `samples` of shape (n,) or (n, channels)."""
    import soundfile

    out = io.BytesIO()
    out.name = ""  # type: ignore[misc]
    soundfile.write(out, samples, rate, format=container, subtype=subtype, **more)
    return out.getvalue()


def by_av(
    samples: np.ndarray,
    rate: int,
    container: str,
    codec: str,
    *,
    metadata: dict[str, str] | None = None,
    bit_rate: int = 128_000,
    options: dict[str, str] | None = None,
) -> bytes:
    """Write with FFmpeg; `samples` of shape (n,) or (n, channels)."""
    import av

    out = io.BytesIO()
    shaped = np.ascontiguousarray(samples.reshape(len(samples), -1).T, np.float32)
    layout = {1: "mono", 2: "stereo", 6: "5.1"}[len(shaped)]
    with av.open(out, "w", format=container, options=options or {}) as file:
        file.metadata.update(metadata or {})
        stream: Any = file.add_stream(codec, rate=rate, layout=layout)
        stream.bit_rate = bit_rate
        resampler = av.AudioResampler(format=stream.format, layout=layout, rate=rate)
        fifo = av.AudioFifo()
        frame = av.AudioFrame.from_ndarray(shaped, format="fltp", layout=layout)
        frame.sample_rate = rate
        for piece in resampler.resample(frame):
            fifo.write(piece)
        for piece in resampler.resample(None):
            fifo.write(piece)
        size, written = stream.codec_context.frame_size or 1024, 0
        while fifo.samples:
            part: Any = fifo.read(size, partial=True)
            part.pts, part.time_base = written, Fraction(1, rate)
            written += part.samples
            for packet in stream.encode(part):
                file.mux(packet)
        for packet in stream.encode(None):
            file.mux(packet)
    return out.getvalue()
