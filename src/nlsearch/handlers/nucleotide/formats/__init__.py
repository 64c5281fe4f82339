"""The formats that only nucleotides have, one module each.

Each has ``records(stream, limits)``; tables of features, which are read with the sequences beside them, have
``features(source, limits)``.
"""
