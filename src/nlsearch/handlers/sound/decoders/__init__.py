"""Decoders of sound: libsndfile (:mod:`.sndfile`) and FFmpeg (:mod:`.ffmpeg`), each behind the same few members."""
