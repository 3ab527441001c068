"""A sandbox on its port, for clients that other people wrote."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bulkload.sandbox import Sandbox


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """Serve a fresh sandbox."""
    with Sandbox() as running:
        yield running
