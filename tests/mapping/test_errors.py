"""What a wrong mapping is told: place, cause, remedy."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from bulkload.errors import BulkloadError
from bulkload.mapping import load_mapping, parse_mapping
from tests.mapping.made import bound, rows

REFUSAL_S = 2.0
"""Ten times what is promised, because the machine of the tests may be busy."""


@pytest.mark.parametrize(
    ("text", "where", "words"),
    [
        pytest.param("fields: {email: {colum: A}}", "1:18 (fields.email.colum)", ["`colum`", "did you mean `column`"], id="unknown-word"),
        pytest.param("feilds: {email: A}", "1:1 (feilds)", ["did you mean `fields`"], id="unknown-word-at-the-top"),
        pytest.param("fields:\n  phone:\n    region: {colum: A}", "3:14 (fields.phone.region.colum)", ["did you mean `column`"], id="unknown-word-deep"),
        pytest.param("fields: {email: {coalesce: [A, {columm: B}]}}", "1:33 (fields.email.coalesce.2.columm)", ["did you mean `column`"], id="unknown-word-in-a-list"),
        pytest.param("fields: {email: A}\nmode: upssert", "2:1 (mode)", ["did you mean `upsert`"], id="wrong-word"),
        pytest.param("fields: {email: {column: A, case: Lower}}", "1:29 (fields.email.case)", ["did you mean `lower`"], id="wrong-case"),
        pytest.param("connector: leal", "1:1", ["`fields:` is missing"], id="no-fields"),
        pytest.param("fields: {}", "1:1 (fields)", ["fields"], id="empty-fields"),
        pytest.param("fields: {email: {required: true}}", "1:10 (fields.email)", ["exactly one of"], id="no-source"),
        pytest.param("fields: {email: {column: A, constant: b}}", "1:10 (fields.email)", ["`column` and `constant`"], id="two-sources"),
        pytest.param("fields: {email: true}", "1:10 (fields.email)", ["`email`"], id="wrong-type"),
        pytest.param("fields: {email: {column: A, required: soon}}", "1:29 (fields.email.required)", ["`required`"], id="not-a-boolean"),
        pytest.param("fields: {born: {column: A, dates: YDM}}", "1:28 (fields.born.dates)", ["`YDM`", "`dates`"], id="wrong-order"),
        pytest.param("fields: {spent: {column: A, numbers: xx}}", "1:29 (fields.spent.numbers)", ["`xx` is not a locale"], id="wrong-locale"),
        pytest.param("fields: {phone: {column: A, region: Germany}}", "1:29 (fields.phone.region)", ["region"], id="wrong-region"),
        pytest.param("fields: {'a b ': A}", "1:10 (fields.a b )", ["name of a field"], id="wrong-name"),
        pytest.param("fields: {name: {template: '{0.__class__}'}}", "1:17 (fields.name.template)", ["{0.__class__}", "`{column}`"], id="template-of-objects"),
        pytest.param("fields: {name: {template: '{{7*7}}'}}", "1:17 (fields.name.template)", ["`{column}`"], id="template-of-jinja"),
        pytest.param("fields: {name: {template: '{x!r:>999999999}'}}", "1:17 (fields.name.template)", ["`{column}`"], id="template-with-format"),
        pytest.param("fields: {name: {template: 'a } b'}}", "1:17 (fields.name.template)", ["`{column}`"], id="template-with-a-brace"),
        pytest.param("fields: {name: {template: 'abc'}}", "1:17 (fields.name.template)", ["names no column"], id="template-without-column"),
        pytest.param("fields: {name: {column: A, replace: {pattern: '(a', with: ''}}}", "1:38 (fields.name.replace.pattern)", ["unclosed group"], id="pattern"),
        pytest.param("fields: {name: {column: A, replace: [{pattern: a}, {pattern: '(?=a)'}]}}", "1:53 (fields.name.replace.2.pattern)", ["look-around"], id="look-ahead"),
        pytest.param("fields: {name: {column: A, replace: {pattern: '((a{100}){100}){100}'}}}", "1:38 (fields.name.replace.pattern)", ["repeats"], id="large-automaton"),
        pytest.param(f"fields: {{name: {{column: {{pattern: '{'a' * 501}'}}}}}}", "1:26 (fields.name.column.pattern)", ["500"], id="long-pattern"),
        pytest.param("fields: {name: {column: A, when: {column: B}}}", "1:28 (fields.name.when)", ["condition"], id="condition-without-test"),
        pytest.param("fields: {name: {column: A, when: {is: x}}}", "1:28 (fields.name.when)", ["condition"], id="condition-without-column"),
        pytest.param("fields: {active: {column: A, words: {yes: [x], no: [X]}}}", "1:30 (fields.active.words)", ["cannot mean yes and no"], id="word-for-both"),
        pytest.param("fields: {name: {column: A, blank: clear, default: x}}", "1:10 (fields.name)", ["`blank: clear`"], id="clear-and-default"),
        pytest.param("fields: {name: {column: A, otherwise: keep}}", "1:10 (fields.name)", ["`otherwise` needs a `map`"], id="otherwise-alone"),
        pytest.param("fields: {name: {coalesce: [{column: A, required: true}, B]}}", "1:10 (fields.name)", ["whole field"], id="required-part"),
        pytest.param("fields: {name: {column: A, required: true, optional: true}}", "1:10 (fields.name)", ["`optional` and `required`"], id="optional-and-required"),
        pytest.param("fields: {name: {column: A, blank: reject, when: {column: B, is: x}}}", "1:10 (fields.name)", ["`when` leaves rows blank"], id="when-and-reject"),
        pytest.param("fields: {name: {split: {column: A, part: 0}}}", "1:36 (fields.name.split.part)", ["counted from 1"], id="piece-zero"),
        pytest.param("just text", "1:1", ["`fields:`"], id="not-a-mapping"),
        pytest.param("", "1:1", ["`fields:`"], id="empty"),
        pytest.param("bulkload: 2\nfields: {email: A}", "1:1 (bulkload)", ["`2`"], id="later-version"),
    ],
)  # fmt: skip
def test_a_wrong_document_is_refused_at_its_place(text: str, where: str, words: list[str]) -> None:
    """Line and column of the rule, what is wrong with it and what would be right, at once."""
    begin = time.perf_counter()

    with pytest.raises(BulkloadError) as caught:
        parse_mapping(text, file="m.yaml")

    assert time.perf_counter() - begin < REFUSAL_S
    assert caught.value.where == f"m.yaml:{where}"
    for word in words:
        assert word in str(caught.value)
    assert caught.value.fix
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("text", "where", "words"),
    [
        pytest.param("fields: {emial: A}", "1:10 (fields.emial)", ["not a field of TestCustomer", "did you mean `email`"], id="unknown-field"),
        pytest.param("fields: {custom..x: Email}", "1:10 (fields.custom..x)", ["not a field"], id="empty-part-of-a-name"),
        pytest.param("fields: {email: Emial}", "1:10 (fields.email.column)", ["`Emial` is not in `list.csv`", "did you mean `Email`"], id="missing-column"),
        pytest.param("fields: {email: {column: [Email, E-Mail]}}", "1:18 (fields.email.column)", ["`Email`, `E-Mail`", "`coalesce:`"], id="two-columns-on-one-field"),
        pytest.param("fields: {email: Email}", "1:1 (fields)", ["nothing says", "`E-Mail`, `Phone`", "ignore: ['E-Mail', Phone]"], id="unmapped-columns"),
        pytest.param("fields: {email: {coalesce: [Email, E-Mail]}}\nignore: [Phone, Email]", "2:17 (ignore.2)", ["used and ignored"], id="used-and-ignored"),
        pytest.param("fields: {name: {coalesce: [Email, E-Mail, Phone]}}", "1:1 (fields)", ["needs `email` or `phone`"], id="no-contact"),
        pytest.param("fields: {email: {coalesce: [Email, E-Mail], type: text}, phone: Phone}", "1:45 (fields.email.type)", ["cannot be text"], id="type-of-a-known-field"),
        pytest.param("fields: {email: {column: Email, minimum: 3}}\nignore: [{pattern: .*}]", "1:33 (fields.email.minimum)", ["no meaning"], id="rule-without-effect"),
        pytest.param("fields: {email: Email}\nkeys: [phone]\nignore: [{pattern: .*}]", "2:8 (keys.1)", ["cannot be a key"], id="key-not-mapped"),
        pytest.param("fields: {email: Email}\none_of: [emial]\nignore: [{pattern: .*}]", "2:10 (one_of.1)", ["did you mean `email`"], id="one-of-not-mapped"),
        pytest.param("fields: {email: {template: '{Email}{Telefon}'}}\nignore: [{pattern: .*}]", "1:18 (fields.email.template)", ["`Telefon`"], id="template-of-a-missing-column"),
        pytest.param("fields: {email: {column: {position: 4}}}", "1:18 (fields.email.column)", ["no column 4, only 3"], id="position"),
        pytest.param("fields: {email: {column: {pattern: '^X'}}}", "1:18 (fields.email.column)", ["no column", "matches `^X`"], id="pattern-without-match"),
        pytest.param("fields: {email: Email, active: {column: Phone, when: {all: []}}}\nignore: [E-Mail]\n", "1:55 (fields.active.when.all)", ["at least one"], id="no-conditions"),
        pytest.param("fields: {email: Email}\nconsents: {policy_version: 1}\nignore: [{pattern: .*}]", "2:1 (consents)", ["consents.NAME"], id="consents-without-fields"),
    ],
)  # fmt: skip
def test_a_mapping_that_does_not_fit_is_refused_at_its_place(
    text: str, where: str, words: list[str]
) -> None:
    """Columns and fields are checked before the first row, with the closest match."""
    with pytest.raises(BulkloadError) as caught:
        bound(text, rows(**{"Email": None, "E-Mail": None, "Phone": None}))

    assert caught.value.where == f"mapping.yaml:{where}"
    for word in words:
        assert word in str(caught.value)
    assert caught.value.fix


def test_a_pattern_that_would_take_for_ever_elsewhere_is_quick() -> None:
    """`(a+)+$` on a text that does not match is a matter of milliseconds."""
    begin = time.perf_counter()
    frame = rows(A="a" * 5000 + "!")
    mapping = bound(
        "one_of: []\nfields: {name: {column: A, replace: {pattern: '(a+)+$', with: x}}}", frame
    )
    assert mapping.apply(frame)["name"][0].endswith("!")
    assert time.perf_counter() - begin < REFUSAL_S


def test_a_cycle_of_extends_is_refused(tmp_path: Path) -> None:
    """Files that extend one another in a circle name the line that closes it."""
    (tmp_path / "a.yaml").write_text("extends: b.yaml\nfields: {email: A}")
    (tmp_path / "b.yaml").write_text("connector: leal\nextends: a.yaml\nfields: {email: A}")
    with pytest.raises(BulkloadError, match="extends itself") as caught:
        load_mapping(tmp_path / "a.yaml")
    assert caught.value.where == f"{tmp_path / 'b.yaml'}:2:1 (extends)"


def test_errors_of_an_extended_file_name_that_file(tmp_path: Path) -> None:
    """The place of a rule is in the file in which it stands."""
    (tmp_path / "base.yaml").write_text("fields:\n  name: {colum: A}\nignore: [X]")
    (tmp_path / "own.yaml").write_text("extends: [base.yaml]\nfields: {email: A}\nignore: [Y]")
    with pytest.raises(BulkloadError) as caught:
        load_mapping(tmp_path / "own.yaml")
    assert caught.value.where == f"{tmp_path / 'base.yaml'}:2:10 (fields.name.colum)"


@pytest.mark.parametrize("name", ["missing.yaml", "folder", "nul\0byte"])
def test_a_file_that_cannot_be_read_is_told(name: str, tmp_path: Path) -> None:
    """Missing files and directories are errors for people."""
    (tmp_path / "folder").mkdir()
    with pytest.raises(BulkloadError, match="cannot be read") as caught:
        load_mapping(tmp_path / name)
    assert caught.value.fix


def test_a_source_given_as_mapping_is_refused_unread(tmp_path: Path) -> None:
    """A file of more than a megabyte is not even opened."""
    (tmp_path / "big.yaml").write_bytes(b"x" * 1_000_001)
    with pytest.raises(BulkloadError, match="1,000,001 bytes"):
        load_mapping(tmp_path / "big.yaml")
