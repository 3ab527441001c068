"""Checks the JSON Schema in a real editor's server: `python -m tests.mapping.editor`.

Needs Node.js and npm; installs yaml-language-server into a temporary folder and speaks to it as an
editor does. Not part of the quick tests, because it downloads.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

MAPPINGS = Path(__file__).parent.parent.parent / "mappings"
WRONG = """# yaml-language-server: $schema=mapping.schema.json
fields:
  email: {colum: Mail}
  phone:
    column: Tel
    region: Germany
  points:
    col
mode: upssert
"""


class Editor:
    """Speaks the language server protocol over the server's standard input and output."""

    def __init__(self, folder: Path) -> None:
        program = folder / "node_modules" / "yaml-language-server" / "bin" / "yaml-language-server"
        self._server = subprocess.Popen(
            ["node", str(program), "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._number = 0

    def send(self, method: str, parameters: Any, *, answered: bool = True) -> Any:
        """Send a request and wait for its answer, or send a notification."""
        message: dict[str, Any] = {"jsonrpc": "2.0", "method": method, "params": parameters}
        if answered:
            self._number += 1
            message["id"] = self._number
        self._write(message)
        while answered:
            received = self.read()
            if received.get("id") == self._number and "method" not in received:
                return received.get("result")
        return None

    def read(self) -> dict[str, Any]:
        """Return the next message; questions of the server are answered with nothing."""
        assert self._server.stdout is not None
        length = 0
        while line := self._server.stdout.readline().strip():
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        message: dict[str, Any] = json.loads(self._server.stdout.read(length))
        if "id" in message and "method" in message:
            asked = message.get("params") or {}
            answer: list[dict[str, Any]] | None = (
                [{} for _ in asked.get("items", [])] if "items" in asked else None
            )
            self._write({"jsonrpc": "2.0", "id": message["id"], "result": answer})
        return message

    def diagnostics(self, path: Path, text: str) -> list[str]:
        """Open a file and return what the editor would underline."""
        document = {"uri": path.as_uri(), "languageId": "yaml", "version": 1, "text": text}
        self.send("textDocument/didOpen", {"textDocument": document}, answered=False)
        while True:
            message = self.read()
            told = message.get("params") or {}
            if (
                message.get("method") == "textDocument/publishDiagnostics"
                and told["uri"] == path.as_uri()
            ):
                return [
                    f"{d['range']['start']['line'] + 1}: {d['message']}"
                    for d in told["diagnostics"]
                ]

    def close(self) -> None:
        """End the server."""
        self._server.terminate()
        self._server.wait(timeout=10)

    def _write(self, message: dict[str, Any]) -> None:
        assert self._server.stdin is not None
        body = json.dumps(message).encode()
        self._server.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self._server.stdin.flush()


def check(editor: Editor, folder: Path) -> None:
    """Open right and wrong mappings; complete a key and hover over one."""
    settings = {"validation": True, "hover": True, "completion": True}
    editor.send(
        "initialize",
        {
            "processId": None,
            "rootUri": folder.as_uri(),
            "capabilities": {"textDocument": {"completion": {}, "hover": {}}},
        },
    )
    editor.send("initialized", {}, answered=False)
    editor.send(
        "workspace/didChangeConfiguration", {"settings": {"yaml": settings}}, answered=False
    )
    for path in sorted(folder.glob("*.yaml")):
        found = editor.diagnostics(path, path.read_text(encoding="utf-8"))
        assert not found, (path.name, found)
    wrong = folder / "wrong.yaml"
    lines = {found.split(":")[0] for found in editor.diagnostics(wrong, WRONG)}
    assert {"3", "6", "9"} <= lines, lines
    at = {"textDocument": {"uri": wrong.as_uri()}, "position": {"line": 7, "character": 7}}
    completed = editor.send("textDocument/completion", at)
    offered = {item["label"] for item in completed["items"]}
    assert {"column", "coalesce", "concat"} <= offered, offered
    at["position"] = {"line": 5, "character": 6}
    hover = editor.send("textDocument/hover", at)
    assert "Where a phone number" in json.dumps(hover), hover
    sys.stdout.write(
        f"{len(list(folder.glob('*.yaml')))} shipped mappings without complaint; mistakes underlined in lines {', '.join(sorted(lines))}; {len(offered)} completions; hover shows the description\n"
    )


def main() -> None:
    """Install the server, copy the mappings and check."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        subprocess.run(
            ["npm", "install", "--no-audit", "--no-fund", "--silent", "yaml-language-server"],
            cwd=folder,
            check=True,
        )
        mappings = folder / "mappings"
        shutil.copytree(MAPPINGS, mappings)
        editor = Editor(folder)
        try:
            check(editor, mappings)
        finally:
            editor.close()


if __name__ == "__main__":
    main()
