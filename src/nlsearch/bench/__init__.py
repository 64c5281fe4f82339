"""Measuring a collection of the user's own."""
