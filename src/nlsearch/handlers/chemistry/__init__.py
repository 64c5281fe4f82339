"""What molecules and reactions share: records of chemical files, query patterns, structural terms, payloads.

No kind of its own: the handlers ``molecule`` and ``reaction`` build on it, so that neither knows the other.
"""
