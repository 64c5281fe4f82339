"""``python -m nlsearch`` is the command line."""

import sys

from nlsearch.cli import main

if __name__ == "__main__":
    sys.exit(main())
