"""The process that parses a workbook: started for one sheet, limited in memory and time.

    stdin   one line of JSON: path, sheet, limits, place for the result
    stdout  one line of JSON: the sheets, the one that was read, or what was wrong

The rows go to a file in Arrow's format. If parsing ends this process, only this process ends.
"""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any


def main() -> None:
    """Read one sheet as the request on standard input asks."""
    request = json.loads(sys.stdin.readline())
    _limit(int(request["memory_bytes"]), int(request["time_s"]))
    try:
        answer = _read(request)
    except MemoryError:
        answer = {"error": "memory"}
    except Exception as error:  # noqa: BLE001 - whatever it was, the parent makes a sentence of it
        answer = {"error": "unreadable", "why": f"{type(error).__name__}: {error}"[:500]}
    sys.stdout.write(json.dumps(answer) + "\n")


def _limit(memory_bytes: int, time_s: int) -> None:
    try:
        import resource
    except ImportError:  # not on Windows; the parent's clock still holds there
        return
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (time_s, time_s + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (memory_bytes, memory_bytes))


def _read(request: dict[str, Any]) -> dict[str, Any]:
    import fastexcel
    import polars as pl

    content = Path(request["path"]).read_bytes()
    try:
        book = fastexcel.read_excel(content)
    except fastexcel.FastExcelError:
        if request["kind"] == "xls" and _is_encrypted(content):
            return {"error": "password"}
        raise
    names = list(book.sheet_names)
    wanted = request["sheet"]
    if wanted is not None and wanted not in names:
        return {"error": "no-sheet", "sheets": names}
    answer: dict[str, Any] = {"sheets": names, "sheet": ""}
    hidden: list[str] = []
    for name in [wanted] if wanted else names:
        # Without skip_rows=0 the rows above the table would be missing from the count.
        sheet = book.load_sheet(name, header_row=None, skip_rows=0, dtypes="string")
        if sheet.visible != "visible" and not wanted:
            hidden.append(name)
            continue
        frame = sheet.to_polars()
        if frame.height and frame.width:
            longest = max(frame.select(pl.all().str.len_bytes().max()).row(0), key=lambda n: n or 0)
            if (longest or 0) > request["max_cell_bytes"]:
                return {"error": "long-cell", "bytes": longest}
            _as_people_write(frame, moments=request["kind"] == "ods").write_ipc(
                request["rows"], compression="uncompressed"
            )
            answer["sheet"] = name
            answer["first_column"] = sheet.selected_columns[0].absolute_index + 1
            break
    answer["hidden"] = hidden
    if request["kind"] == "xls" and answer["sheet"]:
        answer["old"] = _old(content, answer["sheet"])
    return answer


def _is_encrypted(content: bytes) -> bool:
    """Return whether an .xls that the parser does not know is one with a password."""
    import xlrd

    try:
        xlrd.open_workbook(file_contents=content, on_demand=True, logfile=io.StringIO())
    except Exception as error:  # noqa: BLE001 - of a damaged file it raises whatever comes first
        return "encrypted" in str(error)
    return False


def _old(content: bytes, sheet: str) -> dict[str, Any] | None:
    """Return what an .xls says besides values; None where only its values can be read."""
    from bulkload.sources.old_marks import read_old

    try:
        return read_old(content, sheet)
    except Exception:  # noqa: BLE001 - of a damaged file it raises whatever comes first
        return None


def _as_people_write(frame: Any, *, moments: bool) -> Any:
    """Return dates without the time that the parser adds, times without its date, empty as null."""
    import polars as pl

    cell = pl.all()
    midnight = cell.str.ends_with(" 00:00:00") & (
        cell.str.len_bytes() == len("2026-01-02 00:00:00")
    )
    time = cell.str.starts_with("1899-12-3")
    if moments:
        # Moments of an OpenDocument sheet come with a T in the middle.
        moment = cell.str.contains(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$")
        frame = frame.with_columns(
            pl.when(moment).then(cell.str.replace("T", " ", literal=True)).otherwise(cell)
        )
    return frame.select(
        pl.when(time)
        .then(cell.str.slice(len("1899-12-31 ")))
        .when(midnight)
        .then(cell.str.slice(0, len("2026-01-02")))
        .when(cell != "")
        .then(cell)
    )


if __name__ == "__main__":
    main()
