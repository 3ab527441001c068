"""The library's front door."""

from __future__ import annotations

import bulkload


def test_every_public_name_can_be_used() -> None:
    """What `__all__` promises is there, and `dir` shows it."""
    assert dir(bulkload) == sorted(bulkload.__all__)
    assert all(getattr(bulkload, name) is not None for name in bulkload.__all__)
