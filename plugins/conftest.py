"""Lets the tests of every package here run from the main suite, without installing the packages."""

import sys
from pathlib import Path

sys.path[:0] = [str(source) for source in sorted(Path(__file__).parent.glob("*/src"))]
