"""The house: who may import whom, and where third parties may be seen."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "bulkload"

FLOORS = [
    {"records", "errors", "cells", "contacts", "scratch", "ahead", "frames"},
    {"wire", "messages", "progress"},
    {"sources", "mapping", "validation", "connectors", "delivery", "reports", "sandbox"},
    {"settings"},
    {"destination", "mappings", "mending"},
    {"options", "planning", "moved"},
    {"verification"},
    {"walk"},
    {"run"},
    {"begin"},
    {"pipeline", "history", "doctor", "programs"},
    {"cli"},
]
STAGES = {"sources", "mapping", "validation", "connectors", "delivery", "reports"}
CONFINED = {
    "click": {"cli"},
    "rich": {"cli"},
    "ruamel": {"mapping"},
    "rapidfuzz": {"mapping"},
    "openpyxl": {"sources", "reports"},
    "fastexcel": {"sources"},
    "xlrd": {"sources"},
    "xlsxwriter": {"reports"},
    "jinja2": {"reports"},
    "httpx": {"wire"},
    "phonenumbers": {"validation"},
    "email_validator": {"validation"},
    "starlette": {"sandbox"},
    "uvicorn": {"sandbox"},
}


def imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield line and dotted name of every import, wherever it stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            if module == "bulkload":
                yield from ((node.lineno, f"bulkload.{alias.name}") for alias in node.names)
            else:
                yield node.lineno, module


def broken_rules(room: str, source: str) -> list[str]:
    """Return one sentence for each import in `source` that a file in `room` may not have."""
    floor = {name: level for level, names in enumerate(FLOORS) for name in names}
    problems = []
    for line, name in imports(ast.parse(source)):
        top, _, rest = name.partition(".")
        if top in CONFINED and room not in CONFINED[top]:
            problems.append(f"line {line}: {top} belongs in {', '.join(CONFINED[top])}")
        other = rest.partition(".")[0]
        if top != "bulkload" or not other or other == room:
            continue
        if other not in floor:
            problems.append(f"line {line}: bulkload.{other} has no floor")
        elif room == "sandbox" and other != "records":
            problems.append(f"line {line}: the sandbox knows records only, not {other}")
        elif room in STAGES and other in STAGES | {"sandbox"}:
            if not (room == "delivery" and name == "bulkload.connectors.base"):
                problems.append(f"line {line}: {room} may not know {name}")
        elif floor[other] > floor[room]:
            problems.append(f"line {line}: {room} stands below {other}")
    return problems


FILES = sorted(p for p in PACKAGE.rglob("*.py") if p.parent != PACKAGE or p.stem[0] != "_")


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_imports_go_downwards_and_third_parties_stay_in_their_rooms(path: Path) -> None:
    """No file of the package imports what its room may not know."""
    room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")

    assert broken_rules(room, path.read_text("utf-8")) == []


@pytest.mark.parametrize(
    ("room", "source"),
    [
        pytest.param("sources", "from bulkload.mapping import load_mapping", id="stage-to-stage"),
        pytest.param("records", "import bulkload.pipeline", id="upwards"),
        pytest.param("sandbox", "from bulkload import wire", id="sandbox-knows-too-much"),
        pytest.param("delivery", "import httpx", id="third-party-outside-its-room"),
        pytest.param("delivery", "from bulkload.connectors import leal", id="delivery-beyond-base"),
        pytest.param("reports", "def f():\n    import click", id="hidden-in-a-function"),
        pytest.param("cli", "import bulkload.attic", id="unknown-room"),
    ],
)
def test_a_forbidden_import_is_seen(room: str, source: str) -> None:
    """The rule itself can fail."""
    assert broken_rules(room, source) != []


def test_every_room_has_a_floor() -> None:
    """A new room must be placed before it can be used."""
    rooms = {p.relative_to(PACKAGE).parts[0].removesuffix(".py") for p in FILES}

    assert rooms - set().union(*FLOORS) == set()
