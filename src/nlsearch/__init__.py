"""nlsearch: one search engine for content that is not running text."""

__version__ = "0.1.0"
