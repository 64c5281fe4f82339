"""What the handlers of sequences share: letters, readers of flat files, the chance of a match, genetic codes.

A file of sequences may hold records of either kind, and records of nucleotides carry the proteins that they code for,
so what is read belongs to neither handler.
"""
