"""Names of genes, whatever qualifier they stand in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

QUALIFIERS = (
    "gene", "gene_synonym", "locus_tag", "old_locus_tag", "label", "standard_name", "Name", "gene_name", "gene_id",
    "Alias",
)  # fmt: skip
"""Where files write them: INSDC's qualifiers, those of drawing programs, and attributes of GFF3 and GTF."""
OF_GENES = ("gene", "gene_synonym", "locus_tag", "old_locus_tag", "gene_name", "gene_id")
"""Those of them that say which gene a feature is of, and not only what it is called."""
LONGEST = 200
"""Characters of a name; what is longer is a note."""


def gene_names(qualifiers: Mapping[str, Sequence[str]]) -> list[str]:
    """Return every name under which people may look for the gene, each once, in the order of :data:`QUALIFIERS`."""
    return _names(qualifiers, QUALIFIERS)


def own_names(qualifiers: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the names of the gene that a feature is of, each once; empty if the file does not say which it is of."""
    return _names(qualifiers, OF_GENES)


def _names(qualifiers: Mapping[str, Sequence[str]], words: Sequence[str]) -> list[str]:
    found = (name.strip() for word in words for name in qualifiers.get(word, ()))
    return list(dict.fromkeys(name for name in found if 0 < len(name) <= LONGEST))
