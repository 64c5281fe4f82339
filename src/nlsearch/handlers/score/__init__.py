"""Readers of scores: one module a format."""
