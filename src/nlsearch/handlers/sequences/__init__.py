"""What handlers of sequences share: the chance of a match, and genetic codes."""
