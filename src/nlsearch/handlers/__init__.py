"""One file or package per kind of content, and the contract they keep."""
