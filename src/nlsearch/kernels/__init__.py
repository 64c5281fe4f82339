"""Hot loops over arrays: compiled where the C extension was built, NumPy everywhere else.

Every function has a public NumPy oracle ``<name>_reference``, which is also what runs when :data:`NATIVE` is false.
Arguments are checked before anything is read; a wrong shape or range raises ``ValueError``.
"""

from __future__ import annotations

from nlsearch.kernels.bits import (
    fold,
    hamming,
    hamming_reference,
    overlaps,
    overlaps_reference,
    popcounts,
    popcounts_reference,
    tanimoto,
    tanimoto_reference,
    tanimoto_top,
    tanimoto_top_reference,
    tversky,
)
from nlsearch.kernels.graphs import (
    encode_graph,
    encode_graph_reference,
    graph_terms,
    graph_terms_reference,
    with_hydrogens,
    with_hydrogens_reference,
)
from nlsearch.kernels.matching import (
    count_bonds,
    count_bonds_reference,
    decide,
    decide_part_reference,
    decide_parts,
    decide_reference,
    find,
    find_reference,
    label_atoms,
    label_atoms_reference,
)
from nlsearch.kernels.motifs import MOTIF_CODES, find_motif, find_motif_reference
from nlsearch.kernels.native import NATIVE
from nlsearch.kernels.sequence import (
    extend,
    extend_reference,
    pack2,
    pack2_reference,
    syncmers,
    syncmers_reference,
    unpack2,
    unpack2_reference,
)
from nlsearch.kernels.sketch import SKETCH_K, sketch, sketch_reference
from nlsearch.kernels.voting import (
    BAND,
    MAX_BIN,
    Postings,
    gather_postings,
    pack_postings,
    pack_postings_reference,
    sort_pairs,
    sort_pairs_reference,
    vote,
    vote_reference,
)

__all__ = [
    "BAND",
    "MAX_BIN",
    "MOTIF_CODES",
    "NATIVE",
    "SKETCH_K",
    "Postings",
    "count_bonds",
    "count_bonds_reference",
    "decide",
    "decide_part_reference",
    "decide_parts",
    "decide_reference",
    "encode_graph",
    "encode_graph_reference",
    "extend",
    "extend_reference",
    "find",
    "find_motif",
    "find_motif_reference",
    "find_reference",
    "fold",
    "gather_postings",
    "graph_terms",
    "graph_terms_reference",
    "hamming",
    "hamming_reference",
    "label_atoms",
    "label_atoms_reference",
    "overlaps",
    "overlaps_reference",
    "pack2",
    "pack2_reference",
    "pack_postings",
    "pack_postings_reference",
    "popcounts",
    "popcounts_reference",
    "sketch",
    "sketch_reference",
    "sort_pairs",
    "sort_pairs_reference",
    "syncmers",
    "syncmers_reference",
    "tanimoto",
    "tanimoto_reference",
    "tanimoto_top",
    "tanimoto_top_reference",
    "tversky",
    "unpack2",
    "unpack2_reference",
    "vote",
    "vote_reference",
    "with_hydrogens",
    "with_hydrogens_reference",
]
