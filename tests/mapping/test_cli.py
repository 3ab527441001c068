"""`bulkload mapping`, as people type it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from bulkload.cli.mapping import mapping
from bulkload.mapping import load_mapping, shipped_mappings
from bulkload.mapping.schema import schema_text

SAMPLES = Path(__file__).parent.parent.parent / "samples"
CUSTOMERS = str(SAMPLES / "customers.csv")
Run = Callable[..., Any]


def test_init_writes_a_mapping_that_lacks_only_decisions(bulkload: Run) -> None:
    """Ten of eleven columns are placed; the eleventh is named, and the exit code says so."""
    ended = bulkload("mapping", "init", CUSTOMERS, "--yes")
    assert ended.code == 1
    assert "10 columns placed, 1 to decide: customers.mapping.yaml" in ended.err
    assert "Notes" in ended.err
    assert Path("mapping.schema.json").read_text(encoding="utf-8") == schema_text()

    told = bulkload("mapping", "check", "customers.mapping.yaml", CUSTOMERS)
    assert told.code == 2
    assert "`Notes`" in told.err

    path = Path("customers.mapping.yaml")
    path.write_text(path.read_text().replace("# - Notes", "- Notes"))
    assert bulkload("mapping", "check", str(path), CUSTOMERS).code == 0
    assert bulkload("validate", CUSTOMERS, "--mapping", str(path)).code == 0


def test_init_does_not_overwrite(bulkload: Run) -> None:
    """A file that is there already stays as it is."""
    Path("mine.yaml").write_text("mine")
    ended = bulkload("mapping", "init", CUSTOMERS, "--yes", "--to", "mine.yaml")
    assert ended.code == 2
    assert "there already" in ended.err
    assert Path("mine.yaml").read_text() == "mine"


@pytest.mark.parametrize(
    ("answer", "line", "code"),
    [
        pytest.param("1", "  customFields.notes: Notes ", 0, id="its-own-field"),
        pytest.param("0", "  - Notes", 0, id="left-out"),
        pytest.param("", "  # - Notes", 1, id="later"),
        pytest.param("7\n0", "  - Notes", 0, id="asked-again"),
    ],
)
def test_a_person_is_asked(answer: str, line: str, code: int, tmp_path: Path) -> None:
    """What is not sure is asked with a preview of three values; each answer becomes a line."""
    target = tmp_path / "asked.yaml"
    arguments = ["init", CUSTOMERS, "--ask", "--to", str(target)]
    result = CliRunner().invoke(mapping, arguments, input=f"{answer}\n", standalone_mode=False)
    assert result.return_value == code
    assert "möchte keine Post" in result.output
    assert f"\n{line}" in target.read_text(encoding="utf-8")


def test_explain_shows_rows_before_and_after(bulkload: Run) -> None:
    """Column, transforms, and three rows."""
    ended = bulkload("mapping", "explain", "loyaltydog-customers", CUSTOMERS)
    assert ended.code == 0
    assert "numbers without calling code are at home in the country in `Country`" in ended.out
    assert "`19/05/1954` -> `1954-05-19`" in ended.out

    document = json.loads(
        bulkload("mapping", "explain", "loyaltydog-customers", CUSTOMERS, "--json").out
    )
    assert [len(field["examples"]) for field in document] == [3] * len(document)


def test_check_without_a_source(bulkload: Run) -> None:
    """The words and the fields are checked, whatever the columns."""
    assert "right, 9 fields" in bulkload("mapping", "check", "loyaltydog-customers").out
    Path("wrong.yaml").write_text("fields: {emial: A}")
    ended = bulkload("mapping", "check", "wrong.yaml")
    assert (ended.code, "did you mean `email`" in ended.err) == (2, True)


def test_a_name_that_is_not_shipped_gets_the_closest(bulkload: Run) -> None:
    """A mapping is found by name, and a wrong name is answered with the right one."""
    ended = bulkload("validate", CUSTOMERS, "--mapping", "loyaltydog-custommers")
    assert ended.code == 2
    assert "did you mean `loyaltydog-customers`" in ended.err


def test_a_mapping_for_another_system_is_refused(bulkload: Run) -> None:
    """The mistake is named, not the first field that does not exist there."""
    ended = bulkload("validate", CUSTOMERS, "--mapping", "leal-customers")
    assert ended.code == 2
    assert "the mapping is for `leal`, but the profile sends to `loyaltydog`" in ended.err


def test_list_and_schema(bulkload: Run) -> None:
    """Every shipped mapping is listed; the schema is the one that is shipped."""
    listed = bulkload("mapping", "list").out
    assert [line.split()[0] for line in listed.splitlines()] == list(shipped_mappings())
    assert bulkload("mapping", "schema").out == schema_text()


def test_fix_writes_a_copy_and_keeps_its_promise(bulkload: Run, tmp_path: Path) -> None:
    """A shipped mapping is copied, the lines are in it, and validating again gives the number."""
    source = tmp_path / "few.csv"
    header, *rows = (SAMPLES / "customers.csv").read_text(encoding="utf-8").splitlines()
    cells = [row.split(",") for row in rows[:3]]
    source.write_text(
        "\n".join(
            [
                header,
                *(
                    ",".join([c[0], c[1], f"mailto:{n}@example.com", "", *c[4:]])
                    for n, c in enumerate(cells)
                ),
            ]
        )
    )
    assert bulkload("validate", str(source), "--out", "run").code == 1

    ended = bulkload("mapping", "fix", "run", "--yes")

    assert ended.code == 0
    assert "loyaltydog-customers.yaml: 3 rows mended, 0 are left" in ended.err
    assert load_mapping("loyaltydog-customers.yaml").name == "loyaltydog-customers"
    assert bulkload("validate", str(source), "--mapping", "loyaltydog-customers.yaml").code == 0
    assert bulkload("mapping", "fix", "run", "--yes", "--to", "x.yaml").code == 0


def test_fix_of_nothing(bulkload: Run) -> None:
    """A folder that is no run, and a run without rejects."""
    assert bulkload("mapping", "fix", "nowhere", "--yes").code == 65
    bulkload("validate", CUSTOMERS, "--out", "run")
    ended = bulkload("mapping", "fix", "run", "--yes")
    assert (ended.code, "no line of the mapping was changed" in ended.err) == (1, True)


def test_a_changed_file_stops_until_its_columns_are_accepted(bulkload: Run, tmp_path: Path) -> None:
    """A column that was renamed since the last run is told with its successor."""
    Path("own.yaml").write_text(
        "fields: {email: [Mail, E-Mail], firstName: Name}\nignore: [{pattern: .}]"
    )
    source = tmp_path / "list.csv"
    source.write_text("Name,Mail\nAnna,anna@example.com\n")
    assert bulkload("validate", str(source), "--mapping", "own.yaml").code == 0
    source.write_text("Name,E-Mail\nAnna,anna@example.com\n")

    ended = bulkload("validate", str(source), "--mapping", "own.yaml")

    assert ended.code == 5
    assert "`Mail` is gone; its successor seems to be `E-Mail`" in ended.err
    assert (
        bulkload(
            "import", str(source), "--mapping", "own.yaml", "--accept-columns", "--dry-run"
        ).code
        == 0
    )
    assert bulkload("validate", str(source), "--mapping", "own.yaml").code == 0
