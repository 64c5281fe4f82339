"""Sound, as the handlers of recordings, scores and videos share it: decoders, the mono signal, loudness, tags.

:mod:`.decode` opens a file and gives its samples block by block; :mod:`.mono` makes the 8 kHz signal that features are
taken from; :mod:`.loudness` measures; :mod:`.tags` reads who and what.  None of it holds a whole recording.
"""
