"""The main job on the built-in sandbox: import, correct, import again, export."""

from __future__ import annotations

import csv
import io
import json
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

import bulkload as library
from bulkload.records import Status
from bulkload.sources import open_source

Run = Callable[..., Any]


def table(path: Path) -> list[dict[str, str]]:
    """Return a CSV file of bulkload's as rows by header."""
    return list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"))))


def rows_of(path: Path) -> int:
    """Return how many rows stand below the header of a sample."""
    return len(table(path))


def test_every_row_of_a_clean_file_is_created_with_its_id(
    bulkload: Run, samples: Path, tmp_path: Path
) -> None:
    """The results file has one line per row, in source order, each with an id of its own."""
    ended = bulkload("import", samples / "customers.csv", "--out", "run")

    results = table(tmp_path / "run/results.csv")
    assert ended.code == 0, ended.err
    assert ended.out == ""
    assert [int(r["row_number"]) for r in results] == list(
        range(2, rows_of(samples / "customers.csv") + 2)
    )
    assert {r["status"] for r in results} == {"created"}
    assert len({r["remote_id"] for r in results}) == len(results)
    assert not (tmp_path / "run/rejects.csv").exists()


def test_a_second_import_sends_nothing(bulkload: Run, samples: Path) -> None:
    """Whoever has been delivered is known, and with the same id."""
    first = json.loads(bulkload("import", samples / "customers.csv", "--json", "--out", "1").out)
    second = json.loads(bulkload("import", samples / "customers.csv", "--json", "--out", "2").out)

    assert first["counts"]["by_status"]["created"] == first["counts"]["rows"]
    assert second["counts"]["by_status"]["unchanged"] == second["counts"]["rows"]
    assert second["delivered_before"] == second["counts"]["rows"]
    ids = [[r["remote_id"] for r in table(Path(n) / "results.csv")] for n in "12"]
    assert ids[0] == ids[1]


def test_a_workbook_gives_the_same_customers_as_its_csv(bulkload: Run, samples: Path) -> None:
    """The format of a source does not change who is created."""
    bulkload("import", samples / "customers.csv", "--out", "csv")
    ended = bulkload("import", samples / "customers.xlsx", "--out", "xlsx")

    assert ended.code == 0, ended.err
    assert {r["status"] for r in table(Path("xlsx/results.csv"))} == {"unchanged"}


def test_a_messy_file_gives_the_promised_files(bulkload: Run, samples: Path) -> None:
    """Exit status 1, valid rows created, and the rejects that stand beside the sample."""
    ended = bulkload("import", samples / "customers-messy.csv", "--out", "run")

    expected = samples / "customers-messy.expected-rejects.csv"
    assert ended.code == 1
    assert Path("run/rejects.csv").read_bytes() == expected.read_bytes()
    assert Path("run/report.json").exists()
    created = sum(r["status"] == "created" for r in table(Path("run/results.csv")))
    assert created + rows_of(expected) == rows_of(samples / "customers-messy.csv")


def test_corrected_rejects_leave_no_reject(bulkload: Run, samples: Path) -> None:
    """What the first run refused is mended in rejects.csv, imported, and only that is sent."""
    bulkload("import", samples / "customers-messy.csv", "--out", "run")
    rejected = table(Path("run/rejects.csv"))
    for number, row in enumerate(rejected):
        row.pop(None, None)  # type: ignore[call-overload]  # cells beyond the last header
        row |= {
            "Email": f"corrected{number}@example.com",
            "Phone": "",
            "Country": "DE",
            "Birthday": "",
            "Points": "5",
            "Newsletter": "yes",
            "First name": "Corrected",
            "Last name": "Row",
            "Language": "de",
        }
    with Path("corrected.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rejected[0])
        writer.writeheader()
        writer.writerows(rejected)

    ended = bulkload("import", "corrected.csv", "--out", "again")

    assert ended.code == 0, ended.err
    assert {r["status"] for r in table(Path("again/results.csv"))} == {"created"}
    assert not Path("again/rejects.csv").exists()


@pytest.mark.parametrize("suffix", [".csv", ".xlsx", ".parquet"])
def test_an_export_has_every_customer(bulkload: Run, samples: Path, suffix: str) -> None:
    """What was imported comes out again, once each, phones with their plus."""
    bulkload("import", samples / "customers.csv", "--out", "run")

    ended = bulkload("export", "--to", f"out{suffix}")

    assert ended.code == 0, ended.err
    ids = {r["remote_id"] for r in table(Path("run/results.csv"))}
    with open_source(f"out{suffix}") as source:
        import polars as pl

        rows = pl.concat(batch.rows for batch in source.batches())
    assert rows["id"].n_unique() == rows.height == len(ids)
    assert set(rows["id"]) == ids
    assert rows["phone"].drop_nulls().str.starts_with("+").all()


def test_an_exported_workbook_holds_text_only(bulkload: Run, tmp_path: Path) -> None:
    """A name that looks like a formula stays a name; the header is frozen."""
    Path("evil.csv").write_text(
        "First name,Last name,Email,Phone,Country,Birthday,Points,Card no.,Newsletter,Language,Notes\n"
        '"=HYPERLINK(""http://evil.example"")",+1+1,eve@example.com,,DE,,1,007,yes,en,\n',
        "utf-8",
    )
    assert bulkload("import", "evil.csv").code == 0
    bulkload("export", "--to", "out.xlsx")

    sheet = openpyxl.load_workbook("out.xlsx").active
    assert sheet is not None
    cells = {cell.value: cell.data_type for row in sheet.iter_rows(min_row=2) for cell in row}
    assert cells['=HYPERLINK("http://evil.example")'] in ("s", "inlineStr")
    assert "+1+1" in cells
    assert sheet.freeze_panes == "A2"


def test_a_dry_run_sends_nothing_and_says_the_same(bulkload: Run, samples: Path) -> None:
    """Dry run and real run give the same verdicts; only the second one makes customers."""
    dry = json.loads(bulkload("validate", samples / "customers-messy.csv", "--json").out)
    assert bulkload("export", "--to", "none.csv").err.count("0 customers written") == 1
    real = json.loads(bulkload("import", samples / "customers-messy.csv", "--json").out)

    assert dry["counts"]["by_status"]["pending"] == real["counts"]["by_status"]["created"]
    assert dry["counts"]["by_status"]["rejected"] == real["counts"]["by_status"]["rejected"]
    assert dry["counts"]["by_status"]["duplicate"] == real["counts"]["by_status"]["duplicate"]


def test_the_library_does_what_the_commands_do(
    samples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`bulkload.load`, `validate` and `export` are the commands without the terminal."""
    monkeypatch.chdir(tmp_path)

    checked = library.validate(samples / "customers.csv")
    report = library.load(samples / "customers.csv")
    exported = library.export("out.csv")

    assert checked.counts[Status.PENDING] == report.counts[Status.CREATED] == report.counts.rows
    assert exported.details["customers"] == report.counts.rows
    assert report.exit_code == 0


def test_files_are_readable_by_their_owner_only(bulkload: Run, samples: Path) -> None:
    """Customer data never lies around for others, whatever the umask says."""
    bulkload("import", samples / "customers-messy.csv", "--out", "run")

    modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in Path("run").iterdir()}
    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE(Path("run").stat().st_mode) == 0o700


def test_a_header_that_looks_like_a_formula_comes_back_from_the_rejects(bulkload: Run) -> None:
    """It is made safe in rejects.csv and read there under its own name again."""
    Path("m.yaml").write_text('connector: loyaltydog\nfields: {email: "=Mail", firstName: Name}\n')
    Path("list.csv").write_text("=Mail,Name\nada@example.com,Ada\nbob.example.com,Bob\n")
    assert bulkload("import", "list.csv", "--mapping", "m.yaml", "--out", "run").code == 1

    rejects = Path("run/rejects.csv")
    assert rejects.read_text("utf-8-sig").startswith("'=Mail,Name,")
    rejects.write_text(rejects.read_text("utf-8").replace("bob.example", "bob@example"), "utf-8")
    ended = bulkload("import", rejects, "--mapping", "m.yaml", "--out", "again")

    assert ended.code == 0, ended.err
    assert [row["status"] for row in table(Path("again/results.csv"))] == ["created"]


def test_a_workbook_from_standard_input_gets_all_its_files(samples: Path, tmp_path: Path) -> None:
    """It cannot be marked in place, but its cells can be written anew, and the user is told."""
    with (samples / "customers-messy.xlsx").open("rb") as workbook:
        ended = subprocess.run(
            [sys.executable, "-m", "bulkload", "import", "-", "--json", "--out", str(tmp_path)],
            stdin=workbook,
            capture_output=True,
            timeout=120,
            check=False,
        )

    assert ended.returncode == 1, ended.stderr
    report = json.loads(ended.stdout)
    assert {"results", "rejects", "workbook", "html", "report"} <= report["files"].keys()
    assert any("standard input without its formats" in note for note in report["notes"])
    assert openpyxl.load_workbook(tmp_path / "rejects.xlsx").worksheets[0].max_row > 40
