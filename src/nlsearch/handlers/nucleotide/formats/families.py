"""What features of GFF3 have of their parents: the names of the gene, where they have none of their own."""

from __future__ import annotations

from nlsearch.handlers.sequences.coding import PSEUDO

NAMES = ("gene", "gene_synonym", "locus_tag", "old_locus_tag")
MOST = 200_000
"""Features of a record whose children are expected further on."""
_Attributes = dict[str, list[str]]


class Families:
    """The features of one record that others name as their ``Parent``."""

    def __init__(self) -> None:
        self._told: dict[str, tuple[_Attributes, list[str]]] = {}

    def clear(self) -> None:
        """Begin another record."""
        self._told.clear()

    def add(self, known: _Attributes) -> None:
        """Take the attributes of a feature; of features with one ID the first stands."""
        name = known.get("ID", [""])[0]
        if not name or name in self._told:
            return
        if len(self._told) >= MOST:
            del self._told[next(iter(self._told))]
        names = {word: known[word] for word in (*NAMES, *PSEUDO) if known.get(word)}
        self._told[name] = (names, known.get("Parent", []))

    def complete(self, known: _Attributes) -> None:
        """Give a feature the names of its nearest forebears for those that it lacks.

        Synonyms come with the gene that they are synonyms of.
        """
        parents, seen = known.get("Parent", []), set[str]()
        while parents:
            found = [self._told[parent] for parent in parents if parent in self._told]
            seen.update(parents)
            for names, _ in found:
                mine = known.get("gene")
                for word, values in names.items():
                    if word not in known and (word != "gene_synonym" or mine in (None, names.get("gene"))):
                        known[word] = list(values)
            parents = list(dict.fromkeys(parent for _, above in found for parent in above if parent not in seen))
