"""Recordings: which one a clip is from, where in it, and when it is from none."""
