"""What a bad disk or a cut download makes of sound files: samples, or an error of the input; never anything else."""

from __future__ import annotations

import random

import numpy as np
import pytest
from sounds import RATE, by_av, by_soundfile, chirp

from held import Held
from nlsearch.errors import InputError
from nlsearch.handlers.sound.decode import COMPLAINTS, open_sound
from nlsearch.handlers.sound.loudness import Loudness
from nlsearch.handlers.sound.mono import Mono
from nlsearch.handlers.sound.tags import read_tags
from nlsearch.limits import MIB, Limits

TAGS = {"title": "Café", "artist": "Ä. B.", "track": "3/12"}
SIGNAL = chirp(seconds=0.6)


BY_SOUNDFILE = [
    ("WAV", "PCM_16", "WAV"), ("WAV", "MS_ADPCM", "WAV"), ("WAV", "DOUBLE", "WAV"), ("AIFF", "PCM_24", "AIFF"),
    ("CAF", "ALAC_16", "CAF"), ("FLAC", "PCM_16", "FLAC"), ("OGG", "VORBIS", "Ogg Vorbis"), ("MP3", "", "MP3"),
]  # fmt: skip
BY_AV = [
    ("ipod", "aac", "MP4 audio"), ("adts", "aac", "ADTS AAC"), ("asf", "wmav2", "WMA"), ("wv", "wavpack", "WavPack"),
    ("matroska", "aac", "Matroska audio"), ("tta", "tta", "TTA"),
]  # fmt: skip


def _files() -> dict[str, tuple[str, bytes]]:
    """Return name → (format, content)."""
    stereo = np.stack([SIGNAL, SIGNAL], 1)
    files = {}
    for container, subtype, form in BY_SOUNDFILE:
        files[f"{container} {subtype}"] = (form, by_soundfile(stereo, RATE, container, subtype or None))
    for container, codec, form in BY_AV:
        files[f"{container} {codec}"] = (form, by_av(SIGNAL, RATE, container, codec, metadata=TAGS))
    return files


FILES = _files()


def _read_all(content: bytes, form: str) -> int:
    """Read samples and tags in every way; return how many frames there are, -1 if the header is refused."""
    source = Held(content, "memory", form)
    try:
        read_tags(source)
        sound = open_sound(source, Limits())
    except InputError:
        return -1
    frames = 0
    with sound:
        mono = loud = None
        for block in sound.blocks():
            assert block.dtype == np.float32
            assert block.shape == (len(block), sound.stated.channels)
            assert 0 < block.nbytes <= 8 * MIB
            assert np.isfinite(block).all()
            mono = mono or Mono(sound.stated.sample_rate, sound.stated.channels)
            loud = loud or Loudness(sound.stated.sample_rate, sound.stated.channels)
            assert np.isfinite(mono.feed(block)).all()
            loud.feed(block)
            frames += len(block)
        if mono is not None and loud is not None:
            assert np.isfinite(mono.finish()).all()
            loud.finish()
    assert frames or sound.complaints
    assert len(sound.complaints) <= COMPLAINTS
    return frames


@pytest.mark.parametrize("name", FILES)
def test_cut_files(name: str) -> None:
    form, content = FILES[name]
    whole = _read_all(content, form)
    assert whole > 0.85 * len(SIGNAL)
    for part in range(64):
        assert _read_all(content[: len(content) * part // 64], form) <= whole + 2048


@pytest.mark.parametrize("name", FILES)
def test_changed_bytes(name: str) -> None:
    form, content = FILES[name]
    dice = random.Random(name)
    for _ in range(40):
        changed = bytearray(content)
        reach = min(len(content), dice.choice([64, 400, 4000, len(content)]))
        for _ in range(dice.choice([1, 2, 8, 40])):
            changed[dice.randrange(reach)] = dice.choice([0, 255, 127, 128, dice.randrange(256)])
        _read_all(bytes(changed), form)
