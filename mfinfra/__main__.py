"""`python -m mfinfra`."""

import sys

from mfinfra.cli.app import main

if __name__ == "__main__":
    sys.exit(main())
