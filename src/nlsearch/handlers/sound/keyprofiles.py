"""What the keys of scores and of recordings are estimated from, and how keys and pitches are called.

References
----------
Krumhansl, *Cognitive Foundations of Musical Pitch*, 1990, ch. 4: the profiles.
"""

from __future__ import annotations

MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
"""How well each pitch class above the tonic fits into a major and into a minor key."""
NAMES = (
    ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"),
    ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B"),
)
"""Of the tonics of major and of minor keys, by their pitch classes."""
PITCH_CLASSES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
"""How a pitch is called where no key says it: as most keys that have it do."""
MODES = ("major", "minor")
