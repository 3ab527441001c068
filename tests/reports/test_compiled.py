"""The page's template is compiled once, and kept only where nobody else can put code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jinja2
import pytest

from bulkload.reports.compiled import compiled

TEXT = "<p>{{ name }}</p>"


@pytest.fixture
def compilations(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list that grows whenever Jinja compiles a template."""
    seen: list[str] = []
    generate = jinja2.Environment._generate

    def watched(self: jinja2.Environment, tree: Any, name: str, *more: Any, **most: Any) -> str:
        seen.append(name)
        return generate(self, tree, name, *more, **most)

    monkeypatch.setattr(jinja2.Environment, "_generate", watched)
    return seen


def test_it_is_compiled_once_and_escapes_each_time(tmp_path: Path, compilations: list[str]) -> None:
    """What comes from the cache is the same template."""
    pages = [compiled("p.html", TEXT, cache=tmp_path / "c").render(name="<b>") for _ in range(2)]

    assert pages == ["<p>&lt;b&gt;</p>"] * 2
    assert compilations == ["p.html"]
    assert (tmp_path / "c").stat().st_mode & 0o777 == 0o700


def test_a_name_that_is_not_given_is_an_error(tmp_path: Path) -> None:
    """Nothing is left out silently."""
    with pytest.raises(jinja2.UndefinedError):
        compiled("p.html", TEXT, cache=tmp_path / "c").render()


def test_another_text_is_compiled_anew(tmp_path: Path, compilations: list[str]) -> None:
    """A new version of bulkload does not show the page of the old one."""
    compiled("p.html", TEXT, cache=tmp_path / "c")
    page = compiled("p.html", TEXT + "!", cache=tmp_path / "c").render(name="Ada")

    assert page == "<p>Ada</p>!"
    assert len(compilations) == 2


def test_what_is_damaged_is_compiled_anew(tmp_path: Path, compilations: list[str]) -> None:
    """A cache that was cut off is no reason to fail."""
    compiled("p.html", TEXT, cache=tmp_path / "c")
    (kept,) = (tmp_path / "c").iterdir()
    kept.write_bytes(kept.read_bytes()[:-100])
    page = compiled("p.html", TEXT, cache=tmp_path / "c").render(name="Ada")

    assert page == "<p>Ada</p>"
    assert len(compilations) == 2


def test_nothing_is_kept_where_others_can_write(tmp_path: Path, compilations: list[str]) -> None:
    """Who can write the cache could run code."""
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    pages = [compiled("p.html", TEXT, cache=tmp_path / "open").render(name="A") for _ in range(2)]

    assert pages == ["<p>A</p>"] * 2
    assert compilations == ["p.html"] * 2
    assert list((tmp_path / "open").iterdir()) == []


def test_without_a_place_for_it_the_page_is_made_all_the_same(tmp_path: Path) -> None:
    """A cache directory cannot be made everywhere."""
    (tmp_path / "file").touch()

    assert compiled("p.html", TEXT, cache=tmp_path / "file" / "c").render(name="A") == "<p>A</p>"
