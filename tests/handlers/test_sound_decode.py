"""Every format that the libraries write comes back: the clicks where they were, as loud as they were."""

from __future__ import annotations

import io
import struct
from fractions import Fraction

import numpy as np
import pytest
from sounds import CLICKS_S, RATE, by_av, by_soundfile, chirp, clicks

from held import Held
from nlsearch.errors import MalformedContent, MissingExtra
from nlsearch.handlers.sound import decode
from nlsearch.handlers.sound.decode import Sound, open_sound
from nlsearch.handlers.sound.decoders import ffmpeg
from nlsearch.limits import MIB, Limits

LOSSLESS = [
    ("WAV", "PCM_16", 16), ("WAV", "PCM_24", 24), ("WAV", "PCM_32", 32), ("WAV", "FLOAT", 32), ("WAV", "DOUBLE", 64),
    ("WAVEX", "PCM_24", 24), ("RF64", "PCM_16", 16), ("W64", "PCM_16", 16), ("AIFF", "PCM_16", 16),
    ("AU", "PCM_24", 24),
    ("CAF", "PCM_16", 16), ("CAF", "ALAC_16", 16), ("CAF", "ALAC_24", 24), ("VOC", "PCM_16", 16),
    ("FLAC", "PCM_16", 16),
    ("FLAC", "PCM_24", 24), ("NIST", "PCM_16", 16),
]  # fmt: skip
COARSE = [
    ("WAV", "PCM_U8"),
    ("WAV", "ULAW"),
    ("AU", "ALAW"),
    ("WAV", "IMA_ADPCM"),
    ("WAV", "MS_ADPCM"),
    ("SVX", "PCM_S8"),
]
BY_AV = [
    ("adts", "aac", RATE, "ADTS AAC"), ("ipod", "aac", RATE, "MP4 audio"), ("mp4", "alac", RATE, "MP4 audio"),
    ("asf", "wmav2", RATE, "WMA"), ("ac3", "ac3", 48_000, "AC-3"), ("eac3", "eac3", 48_000, "AC-3"),
    ("webm", "libopus", 48_000, "Matroska audio"), ("matroska", "aac", RATE, "Matroska audio"),
    ("matroska", "flac", RATE, "Matroska audio"), ("wv", "wavpack", RATE, "WavPack"), ("tta", "tta", RATE, "TTA"),
    ("mp2", "mp2", RATE, "MPEG audio"), ("mov", "pcm_s16le", RATE, "MP4 audio"), ("ogg", "libopus", 48_000, "Ogg Opus"),
    ("ogg", "flac", RATE, "Ogg FLAC"), ("mp3", "libmp3lame", RATE, "MP3"), ("avi", "pcm_s16le", RATE, ""),
]  # fmt: skip


def opened(content: bytes, form: str = "", limits: Limits | None = None) -> Sound:
    return open_sound(Held(content, "memory", form), limits or Limits())


def read(content: bytes, form: str = "", limits: Limits | None = None) -> tuple[Sound, np.ndarray]:
    """Return what was opened, and all samples."""
    with opened(content, form, limits) as sound:
        blocks = list(sound.blocks())
    for block in blocks:
        assert block.dtype == np.float32
        assert block.shape[1] == sound.stated.channels
        assert 0 < block.nbytes <= 8 * MIB
        assert np.isfinite(block).all()
    return sound, np.concatenate(blocks) if blocks else np.empty((0, max(1, sound.stated.channels)), np.float32)


def assert_clicks(samples: np.ndarray, rate: int, within_s: float = 0.05) -> None:
    found = clicks(samples, rate)
    assert len(found) == len(CLICKS_S), found
    assert np.abs(np.subtract(found, CLICKS_S)).max() < within_s, found


@pytest.mark.parametrize(("container", "subtype", "bits"), LOSSLESS)
def test_lossless_files_come_back_as_they_were(container: str, subtype: str, bits: int) -> None:
    signal = np.stack([chirp(), 0.5 * chirp()], 1)
    sound, samples = read(by_soundfile(signal, RATE, container, subtype))
    assert samples.shape == signal.shape
    assert np.abs(samples - signal).max() <= 2.0 ** (1 - min(bits, 24))
    assert (sound.stated.sample_rate, sound.stated.channels, sound.stated.bits) == (RATE, 2, bits)
    assert sound.stated.duration_s == pytest.approx(4.0)
    assert sound.complaints == []


@pytest.mark.parametrize(("container", "subtype"), COARSE)
def test_coarse_files_come_back_nearly(container: str, subtype: str) -> None:
    signal = chirp()
    sound, samples = read(by_soundfile(signal, RATE, container, subtype))
    assert_clicks(samples[:, 0], RATE, 0.001)
    assert np.sqrt(np.mean((samples[: len(signal), 0] - signal) ** 2)) < 0.02
    assert sound.complaints == []


@pytest.mark.parametrize(
    ("container", "subtype", "rate"), [("OGG", "VORBIS", RATE), ("OGG", "OPUS", 48_000), ("MP3", None, RATE)]
)
def test_lossy_files_of_libsndfile_keep_time_and_level(container: str, subtype: str | None, rate: int) -> None:
    signal = chirp(rate)
    sound, samples = read(by_soundfile(signal, rate, container, subtype))
    assert_clicks(samples[:, 0], rate, 0.005)
    assert len(samples) == pytest.approx(len(signal), abs=0.05 * rate)
    assert np.sqrt(np.mean(samples**2)) == pytest.approx(np.sqrt(np.mean(signal**2)), rel=0.06)
    assert sound.stated.bits is None


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize(("container", "codec", "rate", "form"), BY_AV)
def test_files_of_ffmpeg_keep_time_and_level(container: str, codec: str, rate: int, form: str, channels: int) -> None:
    signal = np.stack([chirp(rate)] * channels, 1)
    sound, samples = read(by_av(signal, rate, container, codec), form)
    assert (sound.stated.sample_rate, sound.stated.channels) == (rate, channels)
    assert_clicks(samples[:, channels - 1], rate)
    assert len(samples) == pytest.approx(len(signal), abs=0.05 * rate)
    assert np.sqrt(np.mean(samples**2)) == pytest.approx(np.sqrt(np.mean(signal**2)), rel=0.06)
    assert sound.stated.duration_s == pytest.approx(4.0, rel=0.1)
    assert sound.complaints == []


def test_speech_codec() -> None:
    sound, samples = read(by_av(chirp(8000), 8000, "amr", "libopencore_amrnb", bit_rate=12_200), "AMR")
    assert (sound.stated.codec, sound.stated.sample_rate) == ("amr_nb", 8000)
    assert len(samples) == pytest.approx(32_000, abs=400)


def test_both_decoders_agree() -> None:
    for container, form in [("FLAC", "FLAC"), ("WAV", "WAV"), ("AIFF", "AIFF"), ("MP3", "MP3"), ("OGG", "Ogg Vorbis")]:
        content = by_soundfile(np.stack([chirp(), chirp()[::-1]], 1), RATE, container)
        one, first = read(content, form)
        other, second = read(content, "Matroska audio")  # a format that FFmpeg is asked first for
        assert first.shape == second.shape, container
        assert np.abs(first - second).max() < 1e-3, container
        assert (one.stated.codec, one.stated.sample_rate) == (other.stated.codec, other.stated.sample_rate)


@pytest.mark.parametrize(("container", "codec"), [("ogg", "libopus"), ("ipod", "aac"), ("matroska", "flac")])
def test_channels_are_in_the_order_of_wav(container: str, codec: str) -> None:
    t = np.arange(48_000) / 48_000
    signal = np.stack([0.3 * np.sin(2 * np.pi * hz * t) for hz in (300, 500, 700, 60, 1100, 1300)], 1)
    content = by_av(signal, 48_000, container, codec, bit_rate=384_000)
    for form in ("Ogg Opus", "Matroska audio"):  # libsndfile and FFmpeg, where both can
        _, samples = read(content, form)
        spectrum = np.abs(np.fft.rfft(samples[:48_000], axis=0))
        assert spectrum.argmax(axis=0).tolist() == [300, 500, 700, 60, 1100, 1300]


def test_vorbis_channels_are_put_into_the_order_of_wav() -> None:
    t = np.arange(48_000) / 48_000
    as_stored = np.stack([0.3 * np.sin(2 * np.pi * hz * t) for hz in (300, 700, 500, 1100, 1300, 900)], 1)
    _, samples = read(by_soundfile(as_stored, 48_000, "OGG", "VORBIS"))  # libsndfile stores what it is given: L C R …
    spectrum = np.abs(np.fft.rfft(samples[:48_000, :3], axis=0))
    assert spectrum.argmax(axis=0).tolist() == [300, 500, 700]


def test_high_resolution_and_many_channels_stay_in_small_blocks() -> None:
    signal = np.stack([chirp(192_000, 2.5)] * 6, 1)
    sound, samples = read(by_soundfile(signal, 192_000, "WAV", "PCM_24"))
    assert sound.stated.sample_rate == 192_000
    assert samples.shape == signal.shape
    many = np.zeros((40_000, 60), np.float32)
    assert read(by_soundfile(many, RATE, "WAV", "FLOAT"))[1].shape == many.shape


def test_samples_that_are_no_numbers() -> None:
    signal = chirp()
    signal[1000:1010] = [np.nan, np.inf, -np.inf, 3e38, -3e38, 0, 0, 0, 0, 0]
    sound, samples = read(by_soundfile(signal, RATE, "WAV", "FLOAT"))
    assert samples[1000:1003, 0].tolist() == [0, 0, 0]
    assert np.abs(samples).max() == decode.LOUDEST
    assert len(sound.complaints) == 2
    assert np.array_equal(samples[2000:, 0], signal[2000:])


def _patched(content: bytes, chunk: bytes, offset: int, value: bytes) -> bytes:
    at = content.index(chunk) + offset
    return content[:at] + value + content[at + len(value) :]


def test_headers_that_lie() -> None:
    wav = by_soundfile(chirp(), RATE, "WAV", "PCM_16")
    for stated in (0xFFFF_FFFF, 0x7FFF_FFFF):
        sound, samples = read(_patched(wav, b"data", 4, struct.pack("<I", stated)))
        assert len(samples) == len(chirp())
    sound, samples = read(_patched(wav, b"fmt ", 10, b"\0\0"))
    assert (len(samples), sound.complaints) == (0, ["it states no channels"])
    sound, samples = read(_patched(wav, b"fmt ", 12, struct.pack("<I", 2**31 - 1)))
    assert len(samples) == 0
    assert "sampling rate" in sound.complaints[0]
    sound, samples = read(wav[:-100_000])
    assert "100,000" in sound.complaints[0]
    assert len(samples) == len(chirp()) - 50_000
    with pytest.raises(MalformedContent):
        opened(_patched(wav, b"fmt ", 12, bytes(4)))


def test_header_without_sound() -> None:
    for container in ("WAV", "AIFF", "AU", "OGG", "CAF", "W64"):
        sound, samples = read(by_soundfile(chirp()[:0], RATE, container))
        assert len(samples) == 0
        assert sound.complaints == ["it holds no samples"]
        assert sound.stated.sample_rate == RATE


@pytest.mark.parametrize("form", ["", "MP3", "WAV", "MP4 audio", "ADTS AAC"])
def test_what_is_no_sound_is_refused(form: str) -> None:
    rng = np.random.default_rng(1)
    playlists = [
        b"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
        b"ffconcat version 1.0\nfile '/etc/passwd'\n",
        b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=audio 5004 RTP/AVP 0\n",
    ]
    texts = [b"", bytes(50_000), b"\xff" * 50_000, b"Plain text, " * 5000, b"\x89PNG\r\n\x1a\n" + bytes(500)]
    for content in (*playlists, *texts, rng.integers(0, 256, 100_000, dtype=np.uint8).tobytes()):
        with pytest.raises(MalformedContent):
            opened(content, form)


def test_an_empty_file_says_so() -> None:
    with pytest.raises(MalformedContent, match="the file is empty"):
        opened(b"", "MP3")


def test_mp3_behind_broken_tags() -> None:
    mp3 = by_soundfile(chirp(), RATE, "MP3")
    whole = b"ID3\x04\x00\x00\x00\x00\x08\x00" + bytes(1024)
    lying = b"ID3\x04\x00\x00\x7f\x7f\x7f\x7f" + bytes(20)
    for front in (whole, whole + whole, lying, b"junk" * 500, whole + b"junk"):
        sound, samples = read(front + mp3, "MP3")
        assert_clicks(samples[:, 0], RATE, 0.005)
        assert len(sound.complaints) == (front not in {whole, whole + whole})


@pytest.mark.parametrize("rate", [RATE, 22_050, 11_025])
@pytest.mark.parametrize("channels", [1, 2])
def test_mp3_of_varying_rate_without_header(rate: int, channels: int) -> None:
    signal = np.stack([chirp(rate, 12.0)] * channels, 1)
    signal[4 * rate :] = 0  # so that the first frames say nothing of the mean
    mp3 = by_soundfile(signal, rate, "MP3", bitrate_mode="VARIABLE", compression_level=0.1)
    sound, samples = read(mp3[mp3.index(mp3[:2], 4) :], "MP3")
    assert_clicks(samples[:, 0], rate, 0.1 * RATE / rate)
    assert len(samples) / rate == pytest.approx(12, abs=0.3)
    assert sound.stated.duration_s is None


def test_wrong_suffix_and_unknown_format() -> None:
    for content in (by_av(chirp(), RATE, "ipod", "aac"), by_soundfile(chirp(), RATE, "FLAC")):
        for form in ("MP3", "MP4 audio", "WAV", ""):
            assert_clicks(read(content, form)[1][:, 0], RATE)


def test_protected_files_give_no_samples() -> None:
    m4a = by_av(chirp(), RATE, "ipod", "aac", metadata={"title": "Locked"})
    assert m4a.count(b"mp4a") == 1
    wma = by_av(chirp(), RATE, "asf", "wmav2")
    codecs = bytes.fromhex("4052d1861d31d011a3a400a0c90348f6")  # the Codec List Object, which nothing needs
    at = wma.index(codecs)
    size = int.from_bytes(wma[at + 16 : at + 24], "little")
    rest = struct.pack("<I", 4) + b"DRM\0" + struct.pack("<I", 4) + b"KEY\0" + struct.pack("<I", 4) + b"URL\0"
    secret = bytes(size - 24 - 4 - len(rest))
    locked = bytes.fromhex("fbb3112223bdd211b4b700a0c955fc6e") + wma[at + 16 : at + 24]
    locked += struct.pack("<I", len(secret)) + secret + rest
    for content in (m4a.replace(b"mp4a", b"drms"), m4a.replace(b"mp4a", b"enca"), wma[:at] + locked + wma[at + size :]):
        sound, samples = read(content, "MP4 audio")
        assert sound.stated.protected
        assert len(samples) == 0
        assert sound.complaints == ["protected: only the tags are read"]
        assert sound.stated.sample_rate == RATE


def test_sound_track_of_a_video() -> None:
    import av

    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as file:
        pictures = file.add_stream("mpeg4", rate=10)
        pictures.width = pictures.height = 64
        track = file.add_stream("aac", rate=RATE, layout="mono")
        for i in range(40):
            file.mux(pictures.encode(av.VideoFrame.from_ndarray(np.full((64, 64, 3), 6 * i, np.uint8), format="rgb24")))
        for at in range(0, 4 * RATE, 1024):
            frame = av.AudioFrame.from_ndarray(chirp()[None, at : at + 1024].copy(), format="fltp", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = RATE, at, Fraction(1, RATE)
            file.mux(track.encode(frame))
        file.mux(pictures.encode(None))
        file.mux(track.encode(None))
    sound, samples = read(out.getvalue())
    assert (sound.stated.codec, sound.stated.channels) == ("aac", 1)
    assert_clicks(samples[:, 0], RATE)


def test_one_bit_sound() -> None:
    length = 4096 * 20
    head = b"DSD " + struct.pack("<QQQ", 28, 92 + 2 * length, 0)
    head += b"fmt " + struct.pack("<QIIIIIIQII", 52, 1, 0, 2, 2, 2_822_400, 1, 8 * length, 4096, 0)
    content = head + b"data" + struct.pack("<Q", 12 + 2 * length) + b"\x69" * (2 * length)
    sound, samples = read(content, "DSF")
    assert (sound.stated.sample_rate, sound.stated.channels) == (352_800, 2)
    assert len(samples) == length
    assert np.abs(samples[1000:]).max() < 0.01


def test_caps() -> None:
    wav = by_soundfile(np.stack([chirp()] * 3, 1), RATE, "WAV")
    sound, samples = read(wav, limits=Limits(audio_seconds=2))
    assert len(samples) == 2 * RATE
    assert "audio_seconds" in sound.complaints[0]
    sound, samples = read(wav, limits=Limits(audio_seconds=4))
    assert sound.complaints == []
    sound, samples = read(wav, limits=Limits(audio_channels=2))
    assert len(samples) == 0
    assert "audio_channels" in sound.complaints[0]


def test_without_pyav(monkeypatch: pytest.MonkeyPatch) -> None:
    content = by_av(chirp(), RATE, "ipod", "aac")
    monkeypatch.setattr(ffmpeg, "is_installed", lambda: False)
    with pytest.raises(MissingExtra, match="PyAV"):
        opened(content, "MP4 audio")
    assert_clicks(read(by_soundfile(chirp(), RATE, "FLAC"), "FLAC")[1][:, 0], RATE)


class Breaking(io.BytesIO):
    """Bytes that cannot be read behind their half, as those of a damaged archive."""

    def read(self, size: int | None = -1) -> bytes:
        if self.tell() > len(self.getbuffer()) // 2:
            raise MalformedContent("the archive is damaged")
        return super().read(size)


class Damaged(Held):
    def open(self) -> io.BytesIO:
        return Breaking(self.content)


@pytest.mark.parametrize(("container", "form"), [("WAV", "WAV"), ("FLAC", "FLAC"), ("WAV", "MP4 audio")])
def test_bytes_that_cannot_be_read(container: str, form: str) -> None:
    content = by_soundfile(chirp(seconds=8.0), RATE, container)
    with open_sound(Damaged(content, "memory", form), Limits()) as sound:
        count = sum(map(len, sound.blocks()))
    assert 0 < count < 8 * RATE
    assert any("the archive is damaged" in complaint for complaint in sound.complaints)
