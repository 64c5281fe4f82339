"""The formats that only proteins have, one module each with ``records(stream, limits)``."""
