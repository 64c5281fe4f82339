"""Evidence in words, key by key."""

from __future__ import annotations

import pytest

from nlsearch.cli.words import evidence_in_words


@pytest.mark.parametrize(
    ("kind", "evidence", "words"),
    [
        ("molecule", {}, ""),
        ("molecule", {"atoms": [[2, 0, 1]], "bonds": [[[0, 1]]], "count": 1}, "atoms 0, 1, 2 (0-based)"),
        ("molecule", {"atoms": [[0], [1]], "count": 7}, "atoms 0 (0-based); 7 matches in all"),
        (
            "molecule",
            {"atoms": [list(range(20))]},
            "atoms 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, … (20 in all) (0-based)",
        ),
        ("molecule", {"atoms": []}, ""),
        ("molecule", {"similarity": 0.8333, "fingerprint": "morgan"}, "similarity 0.833 (morgan)"),
        ("molecule", {"level": "connectivity", "similarity": 1.0}, "the same at level connectivity; similarity 1.000"),
        ("molecule", {"level": None, "similarity": 0.5}, "similarity 0.500"),
        (
            "nucleotide",
            {
                "query": [0, 27],
                "target": [1000, 1027],
                "strand": "-",
                "cigar": "27=",
                "identity": 0.963,
                "mismatches": 1,
                "gaps": 0,
                "bit_score": 48.2,
                "evalue": 1.3e-9,
                "search_space": 12,
            },
            "query 1-27; bases 1,001-1,027 (1-based) on the - strand; 96.3 % identical; 1 mismatch, 0 gaps; 48.2 bits; "
            "E = 1.3e-09",
        ),
        ("protein", {"target": [0, 9], "frame": -2, "evalue": None}, "residues 1-9 (1-based), frame -2"),
        ("protein", {"mismatches": 2, "gaps": 1}, "2 mismatches, 1 gap"),
        (
            "nucleotide",
            {
                "containment_query_in_item": 0.5,
                "containment_item_in_query": 0.25,
                "ani": 0.981,
                "k": 31,
                "scaled": 1000,
            },
            "50.0 % of the query is in the item; 25.0 % of the item is in the query; ANI 98.10 %",
        ),
        (
            "spectrum",
            {
                "pairs": [[195.0877, 195.0867, -5.1, 0.1], [138.0, 138.0662, 0.0, 0.8]],
                "metric": "cosine",
                "shift_da": 0,
                "precursor_ppm": -5.126,
                "precursor_da": -0.001,
                "cleaning": {"query": 3},
                "query": 7,
                "unmatched": [[1.0, 2.0]],
            },
            "2 matched peaks: 138.0662, 195.0867; by cosine; precursor -5.1 ppm",
        ),
        (
            "spectrum",
            {"pairs": [[float(k), float(k), 0.0, k / 100] for k in range(10, 22)], "metric": "entropy"},
            "12 matched peaks: 21.0000, 20.0000, 19.0000, 18.0000, 17.0000, …; by spectral entropy",
        ),
        (
            "spectrum",
            {"pairs": [[18.0106, 18.0104, -11.1, 0.25]], "share": 0.25, "peaks": [177.0771], "peaks_of_query": 3},
            "1 matched peak of 3: 18.0104; 25.0 % of the intensity; at 177.0771",
        ),
        ("spectrum", {"pairs": [], "metric": "own"}, "no matched peaks; by own"),
        (
            "spectrum",
            {"pairs": [[1.0, 2.0, 1e6, 1.0]], "shift_da": 14.0157, "precursor_ppm": 7e4, "precursor_da": 14.0157},
            "1 matched peak: 2.0000; shifted by +14.0157 Da",
        ),
        ("spectrum", {"precursor_ppm": 7e4, "precursor_da": 14.0157}, "precursor +14.0157 Da"),
        ("spectrum", {"precursor_ppm": None, "precursor_da": None, "adduct": None, "expected": None}, ""),
        (
            "spectrum",
            {"positions": [[195.0877, 195.088, 0.0003, 0.8], [138.066, 138.0655, -0.0005, 0.1]]},
            "found 195.0880 (+0.0003), 138.0655 (-0.0005)",
        ),
        (
            "spectrum",
            {"adduct": "[M+H]+", "expected": 195.0877, "precursor": 195.08776, "ppm": 0.31, "neutral_mass": 194.08038},
            "as [M+H]+; expected at 195.0877; precursor at 195.0878; +0.3 ppm off; neutral mass 194.0804 Da",
        ),
        ("spectrum", {"expected": [1, 2.5]}, "expected 1, 2.5"),
        ("recipe", {"peaks": 3, "share": "a half", "cleaning": "often"}, "peaks 3; share a half; cleaning often"),
        (
            "score",
            {
                "part": 0,
                "part_name": "Soprano",
                "voice": 1,
                "bars": [4, 5],
                "notes": [3, 4, 5],
                "transposition": -2,
                "edits": [{"kind": "change", "query_index": 1, "note_index": 4, "words": "D for E"}],
            },
            "in Soprano, voice 1; bars 4-5; 3 notes; transposed by -2 semitones; 1 edit: D for E",
        ),
        (
            "score",
            {"part": 1, "bars": [7, 7], "transposition": 0, "edits": []},
            "in part 2; bar 7; at the same pitch; no edits",
        ),
        (
            "audio",
            {"query_s": [0, 4.5], "target_s": [61.25, 65.75], "speed": 1.0, "votes": 37, "expected_votes": 0.02},
            "at 1:01.25-1:05.75 of the item, 0:00.00-0:04.50 of the clip; 37 votes (0.02 by chance)",
        ),
        (
            "image",
            {
                "quad": [[0, 0], [10, 0], [10, 5.4], [0, 5]],
                "homography": [[1, 0, 0]] * 3,
                "inliers": 33,
                "mirrored": True,
            },
            "at (0, 0) (10, 0) (10, 5) (0, 5); 33 inliers; mirrored",
        ),
        ("image", {"hamming": 12, "turn": 90, "pixels_equal": False}, "12 of 256 hash bits differ; turned by 90°"),
        ("image", {"pixels_equal": True}, "all pixels equal"),
        ("molecule", {"words": ["caffeine"], "fields": {"mass": 194.0804}}, "words caffeine; mass = 194.0804"),
        (
            "recipe",
            {"oven_degrees": 180.0, "empty": [], "vegan": True, "steps": [1, 2]},
            "oven degrees 180; vegan yes; steps 1, 2",
        ),
        (
            "molecule",
            {
                "atoms": [[0]],
                "parts": [{"operator": "smarts", "atoms": [[0]]}, {"operator": "smiles", "similarity": 0.5}],
                "words": ["tea"],
            },
            "smarts: atoms 0 (0-based) + smiles: similarity 0.500 + words tea",
        ),
    ],
)
def test_words(kind, evidence, words):
    assert evidence_in_words(kind, evidence) == words
