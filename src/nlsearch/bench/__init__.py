"""The `nlsearch bench` command: measure a collection of the user's own."""
