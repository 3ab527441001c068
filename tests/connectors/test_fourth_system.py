"""A system that the rest of the house has never heard of: one file, one name, and everything works."""

from __future__ import annotations

import csv
import importlib.util
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import bulkload
from bulkload import connectors
from bulkload.records import Status
from bulkload.settings import ProfileOptions
from bulkload.wire import Request


def toy() -> ModuleType:
    """Load the example from its file."""
    name = "tests_connectors_toy"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name("toy.py"))
        assert spec
        assert spec.loader
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Serve the toy system on a port, and name its connector and a profile for it."""
    vendor = toy().ToySystem()
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            size = int(self.headers.get("content-length") or 0)
            request = Request(self.command, self.path, self.rfile.read(size))
            with lock:
                found = vendor.send(request, {"X-Toy": self.headers.get("X-Toy", "")})
            self.send_response(found.status)
            self.send_header("content-length", str(len(found.body)))
            self.end_headers()
            self.wfile.write(found.body)

        do_GET = do_POST = do_PATCH = answer  # noqa: N815 - names that http.server asks for

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    maker = (lambda _program, _options: toy().ToyConnector(), frozenset[str]())
    monkeypatch.setitem(connectors.SYSTEMS, "toy", maker)
    monkeypatch.setenv("BULKLOAD_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("TOY", "toy-token")
    monkeypatch.chdir(tmp_path)
    Path("bulkload.yaml").write_text(
        "profiles:\n  play:\n    connector: toy\n    token: ${TOY}\n"
        f"    base_url: http://127.0.0.1:{server.server_port}\n",
        "utf-8",
    )
    Path("toys.yaml").write_text(
        "connector: toy\nmode: upsert\nfields: {nickname: Name, email: Email, marbles: Marbles}\n",
        "utf-8",
    )
    yield vendor
    server.shutdown()
    server.server_close()


def imported(text: str) -> dict[Status, int]:
    Path("guests.csv").write_text("Name,Email,Marbles\n" + text, "utf-8")
    report = bulkload.load("guests.csv", bulkload.LoadOptions(profile="play"))
    return dict(+report.counts.by_status)


def test_a_fourth_system_needs_nothing_but_its_connector(system):
    """Import, again, update, refusal and export work over a connector that nobody else knows."""
    guests = "".join(f"G{n},g{n}@example.com,{n}\n" for n in range(25))

    assert imported(guests) == {Status.CREATED: 25}
    assert imported(guests) == {Status.UNCHANGED: 25}
    assert imported(guests.replace("G7,", "Gina,")) == {Status.UNCHANGED: 24, Status.UPDATED: 1}
    assert imported("X,x@example.com,many\n") == {Status.REJECTED: 1}
    bulkload.export("out.csv", ProfileOptions(profile="play"))

    with Path("out.csv").open(encoding="utf-8-sig", newline="") as file:
        shown = {row["email"]: row["nickname"] for row in csv.DictReader(file)}
    assert len(shown) == len(system.guests) == 25
    assert shown["g7@example.com"] == "Gina"
