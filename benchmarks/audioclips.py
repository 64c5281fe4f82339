"""Music files and clips of them, as a microphone or a re-encoder would have them, all from seeds.

Conventions
-----------
Tracks are mono at 22,050 Hz, the mean of the channels; time 0 is the first decoded sample.  A *speed* of 1.05 is 5 %
faster and higher.  Noise is half babble (twelve random voices) and half pink, of equal powers; the ratio of signal to
noise is that of the powers over the clip.
"""

from __future__ import annotations

import hashlib
import os
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from nlsearch.handlers.sound.resample import Resampler

RATE = 22_050
SUFFIXES = {".ogg", ".mp3", ".flac", ".wav", ".opus", ".aiff"}
LEAST_S = 45.0
VOICES, VOICE_FILES = 12, 240
MP3_64 = 0.6
"""libsndfile's compression level that is 64 kbit/s at 22,050 Hz, mono."""
QUIET = 1e-3
"""Root mean square, -60 dB of full scale, below which a tenth of a second is silent."""
SILENT_SHARE = 0.1
Signal = NDArray[np.float32]


@dataclass(frozen=True)
class Track:
    """A music file and its mono signal, which lies in a file of 16-bit steps."""

    path: Path
    samples: NDArray[np.int16]

    @property
    def name(self) -> str:
        """Its file name."""
        return self.path.name

    @property
    def duration_s(self) -> float:
        """Seconds."""
        return len(self.samples) / RATE

    def between(self, begin_s: float, end_s: float) -> Signal:
        """Return the signal between two times, as far as there is any."""
        low, high = max(0, round(begin_s * RATE)), max(0, round(end_s * RATE))
        return np.asarray(self.samples[low:high], np.float32) / np.float32(32_768)


@dataclass(frozen=True)
class Condition:
    """What is done to a clip."""

    name: str
    snr_db: float | None = None
    speed: Fraction = Fraction(1)
    is_mp3: bool = False


CLEAN = Condition("clean")
NOISY = tuple(Condition(f"{snr:+d} dB" if snr else "0 dB", float(snr)) for snr in (6, 0, -5))
MP3 = Condition("MP3 64 kbit/s", is_mp3=True)
SPEEDS = tuple(Condition(f"speed {p:+d} %", speed=Fraction(100 + p, 100)) for p in (-5, -2, 2, 5))
CONDITIONS = (CLEAN, *NOISY, MP3, *SPEEDS)


@dataclass(frozen=True)
class Clip:
    """A clip: where it is from, what was done to it, and its signal."""

    track: Track
    begin_s: float
    length_s: float
    condition: Condition
    signal: Signal = field(repr=False)

    def source(self, low_s: float, high_s: float) -> Signal:
        """Return what the recording holds where the clip's seconds `low_s` to `high_s` are from."""
        speed = float(self.condition.speed)
        return self.track.between(self.begin_s + speed * low_s, self.begin_s + speed * high_s)

    def write(self, folder: Path) -> Path:
        """Write it as a sound file."""
        if self.condition.is_mp3:
            return write_mp3(folder / "clip.mp3", self.signal)
        soundfile.write(folder / "clip.wav", self.signal, RATE, subtype="PCM_16")
        return folder / "clip.wav"


# --------------------------------------------------------------------------------------------------------------- files
def music_files(folders: Iterable[Path]) -> list[Path]:
    """Return the files of at least 45 s below folders that libsndfile reads."""
    found = []
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.suffix.lower() in SUFFIXES and path.is_file() and not path.is_symlink():
                try:
                    lasts = soundfile.info(path).duration
                except soundfile.LibsndfileError:
                    continue
                if lasts >= LEAST_S:
                    found.append(path)
    return found


def split(files: Sequence[Path], hours: float, seed: int) -> tuple[list[Path], list[Path]]:
    """Split files by the hash of their names into some of so many hours, and the rest."""
    ordered = sorted(files, key=lambda path: hashlib.sha256(f"{seed} {path.name}".encode()).digest())
    held, taken = [], 0.0
    for path in ordered:
        if taken >= 3600 * hours:
            break
        held.append(path)
        taken += soundfile.info(path).duration
    return held, ordered[len(held) :]


def hours_of(files: Iterable[Path]) -> float:
    """Return how long files are together."""
    return sum(soundfile.info(path).duration for path in files) / 3600


def load(files: Sequence[Path], folder: Path) -> list[Track]:
    """Decode files once; their mono signals are kept in a folder."""
    folder.mkdir(exist_ok=True)
    tracks = []
    for path in files:
        kept = folder / f"{hashlib.sha256(os.fsencode(path)).hexdigest()[:20]}.npy"
        if not kept.exists():
            np.save(kept, np.rint(np.clip(decoded(path), -1, 1) * 32_767).astype(np.int16))
        tracks.append(Track(path, np.load(kept, mmap_mode="r")))
    return tracks


def decoded(path: Path) -> Signal:
    """Return a file's mono signal at 22,050 Hz."""
    with soundfile.SoundFile(path) as opened:
        resampler = Resampler(opened.samplerate, RATE)
        blocks = opened.blocks(opened.samplerate * 30, dtype="float32", always_2d=True)
        parts = [resampler.feed(block.mean(axis=1)) for block in blocks]
    return np.concatenate([*parts, resampler.finish()])


def write_mp3(path: Path, signal: Signal) -> Path:
    """Write an MP3 of 64 kbit/s, and make sure that it is one.

    Raises
    ------
    SystemExit
        If this libsndfile makes something else of the level.
    """
    soundfile.write(
        path,
        signal,
        RATE,
        format="MP3",
        subtype="MPEG_LAYER_III",
        bitrate_mode="CONSTANT",
        compression_level=MP3_64,
    )
    rate = 8 * path.stat().st_size / (len(signal) / RATE)
    if not 62_000 <= rate <= 70_000:  # the encoder's delay makes short files longer
        raise SystemExit(f"the MP3 has {rate:,.0f} bit/s, not 64,000: another libsndfile, another level")
    return path


# --------------------------------------------------------------------------------------------------------------- noise
class Noise:
    """Babble and pink noise.

    Parameters
    ----------
    folder : Path
        Short files of speech lie below it, in folders whose names hold "voices".
    seed : int
    """

    def __init__(self, folder: Path, seed: int) -> None:
        paths = [p for p in sorted(folder.rglob("*")) if p.suffix.lower() in SUFFIXES and p.is_file()]
        paths = [p for p in paths if "voices" in str(p.parent).lower()] or paths
        random.Random(f"voices {seed}").shuffle(paths)
        self.voices = [_even(voice) for voice in map(decoded, paths[:VOICE_FILES]) if len(voice) > RATE // 4]
        if not self.voices:
            raise SystemExit(f"there is no speech below {folder}")

    def babble(self, rng: random.Random, count: int) -> Signal:
        """Return twelve voices, each of which says one thing after another."""
        total = np.zeros(count, np.float32)
        for _ in range(VOICES):
            said, length = [], 0
            begin = rng.randrange(RATE)
            while length < begin + count:
                said.append(rng.choice(self.voices))
                length += len(said[-1])
            total += np.concatenate(said)[begin : begin + count]
        return _even(total)

    def mixed(self, rng: random.Random, signal: Signal, snr_db: float) -> Signal:
        """Return a signal with noise."""
        noise = _even(self.babble(rng, len(signal)) + pink(rng, len(signal)))
        gain = np.sqrt(np.mean(np.square(signal, dtype=np.float64))) * 10 ** (-snr_db / 20)
        return (signal + noise * np.float32(gain)).astype(np.float32)


def pink(rng: random.Random, count: int) -> Signal:
    """Return noise of power 1 / f above 20 Hz."""
    white = np.random.default_rng(rng.getrandbits(64)).standard_normal(count)
    spectrum = np.fft.rfft(white) / np.sqrt(np.maximum(np.fft.rfftfreq(count, 1 / RATE), 20.0))
    return _even(np.fft.irfft(spectrum, count).astype(np.float32))


def _even(signal: Signal) -> Signal:
    power = float(np.mean(np.square(signal, dtype=np.float64)))
    return (signal / np.sqrt(max(power, 1e-12))).astype(np.float32)


# --------------------------------------------------------------------------------------------------------------- clips
def cut(rng: random.Random, track: Track, length_s: float, condition: Condition, noise: Noise) -> Clip:
    """Cut a clip from a random place that is not silent."""
    spans = length_s * float(condition.speed)
    for _ in range(200):
        begin = rng.uniform(0, track.duration_s - spans - 0.01)
        plain = track.between(begin, begin + spans)
        if silent_share(plain) <= SILENT_SHARE:
            break
    begin = round(begin * RATE) / RATE
    signal = at_speed(plain, condition.speed)
    if condition.snr_db is not None:
        signal = noise.mixed(rng, signal, condition.snr_db)
    return Clip(track, begin, length_s, condition, signal / np.float32(max(1.0, float(np.abs(signal).max()) / 0.98)))


def silent_share(signal: Signal) -> float:
    """Return the share of tenths of a second that are silent."""
    step = RATE // 10
    tenths = signal[: len(signal) // step * step].reshape(-1, step)
    return float((np.sqrt(np.square(tenths).mean(axis=1)) < QUIET).mean()) if len(tenths) else 1.0


def at_speed(signal: Signal, speed: Fraction) -> Signal:
    """Return a signal that is played faster, and higher."""
    if speed == 1:
        return signal
    resampler = Resampler(speed.numerator * 1000, speed.denominator * 1000)
    return np.concatenate([resampler.feed(signal), resampler.finish()])


def clips(
    tracks: Sequence[Track], count: int, length_s: float, conditions: Sequence[Condition], noise: Noise, seed: str
):
    """Yield clips of random tracks, each condition in turn."""
    rng = random.Random(f"{seed} {length_s} {[condition.name for condition in conditions]}")
    for number in range(count):
        yield cut(rng, rng.choice(tracks), length_s, conditions[number % len(conditions)], noise)


def correlation(first: Signal, second: Signal, speed: float = 1.0) -> float:
    """Return the highest normalised correlation of a signal with a stretch of a longer one, at any lag.

    `speed` is by how much the first is faster than the second.
    """
    if abs(speed - 1) > 0.002:
        second = at_speed(second, Fraction(speed).limit_denominator(500))
    if len(first) < RATE // 2 or len(second) < len(first):
        return 0.0
    size = 1 << (len(first) + len(second)).bit_length()
    products = np.fft.irfft(np.fft.rfft(second, size) * np.conj(np.fft.rfft(first, size)), size)
    lags = len(second) - len(first) + 1
    energy = np.concatenate([[0.0], np.cumsum(np.square(second, dtype=np.float64))])
    norms = np.sqrt(np.maximum(energy[len(first) :][:lags] - energy[:lags], 1e-9) * np.square(first).sum())
    return float(np.max(np.abs(products[:lags]) / norms))
