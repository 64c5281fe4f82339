"""Isolated worker processes that read foreign formats."""
