"""How sound files are told from others: by magic, by a pattern on the first 8 KiB, or by suffix.

Containers that hold videos as well (MP4, Matroska, ASF) count as sound where the first 8 KiB name a track of sound and
none of pictures, or by their suffix.  Formats without a magic number are told by two frames, the second where the
header of the first says.

References
----------
Lengths of frames: ISO/IEC 11172-3 and 13818-3 (MPEG audio), ETSI TS 102 366 table F.7 (AC-3).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from nlsearch.declarations import Format

_MPEG_RATES = (44_100, 48_000, 32_000)
_MPEG_KBPS = {
    (1, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (1, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (1, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (2, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (2, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (2, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
"""kbit/s by (version, layer); MPEG-2.5 has those of MPEG-2."""
_AC3_KBPS = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640)


def _byte(value: int) -> bytes:
    return re.escape(bytes([value]))


def _mpeg_lengths(layer: int, version: int, code: int) -> Iterator[tuple[int, int]]:
    """Yield the third byte (padding left out) and the length in bytes of each kind of frame; `code` 2 is MPEG-2.5."""
    family = 1 if version == 1 else 2
    for place, kbps in enumerate(_MPEG_KBPS[family, layer], start=1):
        for rate_code, full_rate in enumerate(_MPEG_RATES):
            rate = full_rate >> (0, 1, 2)[code]
            if layer == 1:
                yield place << 4 | rate_code << 2, 4 * (12_000 * kbps // rate)
            else:
                yield place << 4 | rate_code << 2, (72_000 if layer == 3 and family == 2 else 144_000) * kbps // rate


def _mpeg_pattern(layers: tuple[int, ...]) -> bytes:
    """Return a pattern of two frames of MPEG audio, the second where the first ends."""
    kinds = []
    for layer in layers:
        for code, version in enumerate((1, 2, 2)):
            first = 0xE0 | (0x18, 0x10, 0x00)[code] | (4 - layer) << 1
            sync = rb"\xff[" + _byte(first) + _byte(first | 1) + b"]"
            frames = []
            for third, length in _mpeg_lengths(layer, version, code):
                slot = 4 if layer == 1 else 1
                for padding in (0, 1):
                    head = b"[" + _byte(third | padding << 1) + _byte(third | padding << 1 | 1) + b"]"
                    frames.append(head + b".{%d}" % (length + slot * padding - 3))
            kinds.append(sync + b"(?:" + b"|".join(frames) + b")" + sync)
    return b"(?:" + b"|".join(kinds) + b")"


def _ac3_pattern() -> bytes:
    """Return a pattern of two frames of AC-3."""
    frames = []
    for rate_code, rate in enumerate((48_000, 44_100, 32_000)):
        for place, kbps in enumerate(_AC3_KBPS):
            for odd in (0, 1):
                words = kbps * 96_000 // rate + (odd if rate == 44_100 else 0)
                frames.append(_byte(rate_code << 6 | place << 1 | odd) + b".{%d}" % (2 * words - 5))
    return rb"\x0bw..(?:" + b"|".join(frames) + rb")\x0bw"


def layer3_length(header: bytes) -> int:
    """Return the bytes of a frame of layer III with this header of four bytes, which is valid; without padding."""
    code = {3: 0, 2: 1, 0: 2}[header[1] >> 3 & 3]
    lengths = dict(_mpeg_lengths(3, 1 if code == 0 else 2, code))
    return lengths[header[2] & 0xFC]


MPEG_FRAMES = _mpeg_pattern((3, 2, 1))
"""Two frames of MPEG audio of any layer, as a regular expression."""
_ID3 = rb"ID3[\x02-\x04][\x00-\x0f].[\x00-\x7f]{4}"
_SOUND_TRACK = rb"(?=.*?hdlr.{8}soun)(?!.*?hdlr.{8}vide)"
_MP4 = rb".{4}ftyp(?:M4[ABP] |F4[AB] |(?:mp4[0-9]|iso[0-9m]|dash|3g[p2].|qt  |MSNV)" + _SOUND_TRACK + b")"
_ASF = rb"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c"
_ASF_SOUND = rb"\x40\x9e\x69\xf8\x4d\x5b\xcf\x11\xa8\xfd\x00\x80\x5f\x5c\x44\x2b"
_ASF_VIDEO = rb"\xc0\xef\x19\xbc\x4d\x5b\xcf\x11\xa8\xfd\x00\x80\x5f\x5c\x44\x2b"
_MATROSKA = rb"\x1aE\xdf\xa3(?=.{0,64}?(?:webm|matroska))(?=.*?\x86.A_)(?!.*?\x86.V_)"
_ADTS = rb"(\xff[\xf0\xf1\xf8\xf9][\x00-\x33\x40-\x73\x80-\xb3\xc0-\xf3])(?s:.{4,2000}?)\1(?s:.{4,2000}?)\1"
_OGG = rb"OggS\x00\x02.{20}\x01."

FORMATS: tuple[Format, ...] = (
    Format("WAV", "audio/wav", (".wav", ".wave", ".bwf"), pattern=rb"RIF[FX].{4}WAVE"),
    Format("RF64", "audio/wav", (".rf64", ".bw64"), pattern=rb"(?:RF64|BW64).{4}WAVE"),
    Format("W64", "audio/x-w64", (".w64",), (b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\x00\x00",)),
    Format("FLAC", "audio/flac", (".flac", ".fla"), (b"fLaC",)),
    Format("Ogg Vorbis", "audio/ogg", (".ogg", ".oga"), pattern=_OGG + rb"\x01vorbis"),
    Format("Ogg Opus", "audio/ogg", (".opus", ".ogg", ".oga"), pattern=_OGG + rb"OpusHead"),
    Format("Ogg FLAC", "audio/ogg", (".oga", ".ogg"), pattern=_OGG + rb"\x7fFLAC"),
    Format("Ogg Speex", "audio/ogg", (".spx", ".ogg"), pattern=_OGG + rb"Speex   "),
    Format("MP3", "audio/mpeg", (".mp3", ".mpga"), pattern=b"(?:" + _ID3 + b"|" + _mpeg_pattern((3,)) + b")"),
    Format("MPEG audio", "audio/mpeg", (".mp2", ".mp1", ".mpa", ".m2a"), pattern=_mpeg_pattern((2, 1))),
    Format("AIFF", "audio/aiff", (".aif", ".aiff", ".aifc"), pattern=rb"FORM.{4}AIF[FC]"),
    Format("8SVX", "audio/x-8svx", (".8svx", ".svx"), pattern=rb"FORM.{4}(?:8SVX|16SV)"),
    Format("AU", "audio/basic", (".au", ".snd"), (b".snd\x00\x00", b"dns.")),
    Format("CAF", "audio/x-caf", (".caf",), (b"caff\x00\x01",)),
    Format("VOC", "audio/x-voc", (".voc",), (b"Creative Voice File\x1a",)),
    Format("SPHERE", "audio/x-nist", (".sph", ".nist"), (b"NIST_1A\n",)),
    Format("MP4 audio", "audio/mp4", (".m4a", ".m4b", ".m4p", ".f4a"), pattern=_MP4),
    Format("ADTS AAC", "audio/aac", (".aac", ".adts"), pattern=_ADTS),
    Format("WMA", "audio/x-ms-wma", (".wma",), pattern=_ASF + b"(?=.*?" + _ASF_SOUND + b")(?!.*?" + _ASF_VIDEO + b")"),
    Format("AC-3", "audio/ac3", (".ac3", ".eac3", ".ec3"), pattern=_ac3_pattern()),
    Format("AMR", "audio/amr", (".amr", ".awb"), (b"#!AMR\n", b"#!AMR-WB\n")),
    Format("APE", "audio/x-ape", (".ape",), pattern=rb"MAC .[\x0e\x0f]"),
    Format("WavPack", "audio/x-wavpack", (".wv",), pattern=rb"wvpk.{4}[\x02-\x10]\x04"),
    Format("TTA", "audio/x-tta", (".tta",), pattern=rb"TTA[12][\x01-\x03]\x00"),
    Format("DSF", "audio/x-dsf", (".dsf",), (b"DSD \x1c\x00\x00\x00\x00\x00\x00\x00",)),
    Format("DSDIFF", "audio/x-dff", (".dff",), pattern=rb"FRM8.{8}DSD "),
    Format("Matroska audio", "audio/x-matroska", (".mka", ".weba"), pattern=_MATROSKA),
)
