"""Codes of instruments in Humdrum files (``*Ivioln``) and what they are called.

References
----------
Humdrum instrument codes, https://www.humdrum.org/guide/app2 and humlib's ``HumInstrument``.
"""

from __future__ import annotations

_NAMES = {
    "accor": "accordion", "alto": "alto", "anvil": "anvil", "archl": "archlute", "arpa": "harp", "bagpS": "bagpipe",
    "banjo": "banjo", "barit": "baritone", "bass": "bass", "bdrum": "bass drum", "bsxhn": "basset horn",
    "bscan": "bass voice", "calam": "chalumeau", "calto": "contralto", "campn": "bell", "cangl": "English horn",
    "cant": "cantus", "carl": "carillon", "castr": "castrato", "cbass": "contrabass", "cello": "violoncello",
    "cemba": "harpsichord", "chlma": "shawm", "choir": "choir", "clarp": "piccolo clarinet", "clars": "clarinet",
    "clara": "alto clarinet", "clarb": "bass clarinet", "clavi": "clavichord", "clest": "celesta",
    "colsp": "coloratura soprano", "cor": "horn", "cornm": "cornemuse", "cornt": "cornet", "ctina": "concertina",
    "ctenor": "countertenor", "cymba": "cymbals", "dulc": "dulcimer", "eguit": "electric guitar", "euph": "euphonium",
    "fag_c": "contrabassoon", "fagot": "bassoon", "false": "falsetto", "feme": "female voice", "fife": "fife",
    "flt": "flute", "flt_a": "alto flute", "flt_b": "bass flute", "fltda": "recorder", "fltds": "soprano recorder",
    "flugh": "flugelhorn", "forte": "fortepiano", "glock": "glockenspiel", "gong": "gong", "guitr": "guitar",
    "hammd": "Hammond organ", "heck": "heckelphone", "hurdy": "hurdy-gurdy", "jaws": "Jew's harp", "kit": "drum kit",
    "koto": "koto", "liuto": "lute", "lyrsp": "lyric soprano", "lyrtn": "lyric tenor", "male": "male voice",
    "mando": "mandolin", "marac": "maracas", "marim": "marimba", "mezzo": "mezzo-soprano", "nfant": "child's voice",
    "oboe": "oboe", "oboeD": "oboe d'amore", "ocari": "ocarina", "organ": "organ", "paila": "timbales",
    "panpi": "panpipe", "piano": "piano", "piatt": "cymbals", "picco": "piccolo", "pipa": "pipa", "porta": "portative",
    "psalt": "psaltery", "quint": "quinton", "rackt": "racket", "rebec": "rebec", "recit": "reciter",
    "reed": "reed organ", "rfag": "bassoon", "sackb": "sackbut", "saxA": "alto saxophone", "saxB": "baritone saxophone",
    "saxS": "soprano saxophone", "saxT": "tenor saxophone", "sdrum": "snare drum", "shami": "shamisen",
    "sitar": "sitar", "soprn": "soprano", "spok": "spoken voice", "spsop": "soprano", "sdrm": "snare drum",
    "syn": "synthesizer", "tabla": "tabla", "tambn": "tambourine", "tenor": "tenor", "timpa": "timpani",
    "tom": "tom-tom", "trngl": "triangle", "tromb": "trombone", "tromt": "tenor trombone", "tromp": "trumpet",
    "tuba": "tuba", "ukule": "ukulele", "vibra": "vibraphone", "vina": "vina", "viola": "viola",
    "violb": "bass viol", "viold": "viola d'amore", "violn": "violin", "violp": "piccolo violin",
    "viols": "treble viol", "violt": "tenor viol", "vioin": "violin", "violncello": "violoncello", "vox": "voice",
    "xylo": "xylophone", "zithr": "zither",
}  # fmt: skip


def instrument_name(code: str) -> str:
    """Return what an instrument code stands for; the code itself if it is not known."""
    return _NAMES.get(code.rstrip("0123456789"), code)
