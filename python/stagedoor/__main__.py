"""`python -m stagedoor` does the same as the command `stagedoor`."""

import sys

from stagedoor.cli import main

sys.exit(main())
