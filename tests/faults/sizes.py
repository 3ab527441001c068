"""How much the fault tests do: little in every run of the tests, as much as the matrix asks on demand.

BULKLOAD_FAULTS=full pytest tests/faults        or one row: python -m tests.faults.matrix --full
"""

from __future__ import annotations

import os
from typing import TypeVar

Size = TypeVar("Size")
SETTING = "BULKLOAD_FAULTS"
FULL = os.environ.get(SETTING) == "full"


def sized(small: Size, full: Size) -> Size:
    """Return the size that is asked for."""
    return full if FULL else small
