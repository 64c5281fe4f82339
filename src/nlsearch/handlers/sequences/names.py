"""Names of genes, whatever qualifier they stand in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

QUALIFIERS = (
    "gene", "gene_synonym", "locus_tag", "old_locus_tag", "label", "standard_name", "Name", "gene_name", "gene_id",
    "Alias",
)  # fmt: skip
"""Where files write them: INSDC's qualifiers, those of drawing programs, and attributes of GFF3 and GTF."""
LONGEST = 200
"""Characters of a name; what is longer is a note."""


def gene_names(qualifiers: Mapping[str, Sequence[str]]) -> list[str]:
    """Return every name under which people may look for the gene, each once, in the order of :data:`QUALIFIERS`."""
    found = (name.strip() for word in QUALIFIERS for name in qualifiers.get(word, ()))
    return list(dict.fromkeys(name for name in found if 0 < len(name) <= LONGEST))
