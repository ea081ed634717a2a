"""Write the data dictionary: ``python -m chatlio_helpers.frames docs/data-dictionary.md``."""

import sys
from pathlib import Path

from .columns import dictionary

Path(sys.argv[1]).write_text(dictionary(), encoding="utf-8")
