"""The formats that only nucleotides have, one module each with ``records(stream, limits)``."""
