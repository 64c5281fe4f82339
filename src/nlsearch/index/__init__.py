"""The collection on disk: catalog, splits and the three index organs."""
