"""Readers of the formats of spectra, one module each."""
