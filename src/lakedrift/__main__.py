"""`python -m lakedrift` is `lakedrift`."""

import sys

from lakedrift.cli import main

sys.exit(main())
