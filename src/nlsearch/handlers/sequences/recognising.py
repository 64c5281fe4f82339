"""How files that may hold nucleotides or proteins are told from their first bytes: patterns for declarations.

Plain data: the handlers' static facts are made of them.
"""

from __future__ import annotations

_START = rb"(?:\xef\xbb\xbf)?\s*(?:;[^\r\n]*[\r\n]+\s*)*>[^\r\n]*"
_SEQUENCE_LINE = rb"[ \t]*[A-Za-z*.~-][A-Za-z*.~ \t0-9-]*"
FASTA = _START + rb"(?:[\r\n]+(?:>[^\r\n]*[\r\n]+)*" + _SEQUENCE_LINE + rb"(?:[\r\n]|\Z)|[\r\n]*\Z)"
"""A record whose first line of sequence, if there is one, holds letters only."""
_ONLY = rb"EFILPQZJOefilpqzjo"
PROTEIN_FIRST = _START + rb"[\r\n]+(?=[^>\s]+(?:[\r\n]|\Z))[^>" + _ONLY + rb"]*[" + _ONLY + rb"][^>]*?[" + _ONLY + rb"]"
"""The same where the first record has two letters that only proteins have, and no blank in its first line."""
GENPEPT = rb"(?:\xef\xbb\xbf)?(?:LOCUS  |[^\0]{0,4000}?^LOCUS {4,})[^\r\n]*? \d+ aa\b"
