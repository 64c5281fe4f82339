"""The query language: grammar, syntax tree, reader."""
