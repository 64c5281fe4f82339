"""What the kinds of sequences share: letters, records, and the formats whose files may hold either kind.

A FASTA, a GenBank file or a Stockholm alignment holds nucleotides or proteins, and some hold both.  The readers here
decide record by record (:mod:`nlsearch.handlers.sequences.alphabets`) and name the kind in each
:attr:`~nlsearch.model.RawItem.kind`, so that it does not matter which of the handlers was given the file.
"""
