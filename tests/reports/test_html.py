"""The report to read: complete, harmless, usable with a keyboard, quiet on the network."""

import dataclasses
import html.parser
import importlib.util
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bulkload.records import Cause, Counts, Finding, Reject, Result, RunReport, Status
from bulkload.reports import CauseCounter, seen, write_html
from bulkload.reports.results import Delivered
from tests.reports.naughty import NAUGHTY, reject

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
HAS_BROWSER = CHROMIUM is not None and importlib.util.find_spec("playwright") is not None
needs_browser = pytest.mark.skipif(
    not HAS_BROWSER, reason="Chromium and Playwright are not both installed"
)


class Tags(html.parser.HTMLParser):
    """Counts the elements and attributes of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, tuple[str, ...]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember an element by its name and the names of its attributes."""
        self.found.append((tag, tuple(name for name, _ in attrs)))


def tags(page: str) -> list[tuple[str, tuple[str, ...]]]:
    """The elements of a page in order."""
    parser = Tags()
    parser.feed(page)
    return parser.found


def run(texts: list[str], rows: int = 300) -> tuple[RunReport, list[Reject]]:
    """A run in which every text is a cell, a header, a name and a sentence somewhere."""
    chance = random.Random(1)
    rejects = [
        reject(
            number,
            texts[number % len(texts)],
            column=texts[chance.randrange(len(texts))],
            details={"first_row": "2", "field": texts[number % len(texts)]},
            status=Status.DUPLICATE if number % 3 == 0 else Status.REJECTED,
        )
        for number in range(2, rows + 2)
    ]
    counter = CauseCounter()
    counter.add(rejects)
    causes = [dataclasses.replace(c, mapping_line=texts[0], mends=1) for c in counter.causes()]
    counts = Counts(rows=rows + 50)
    counts.add(Status.CREATED, 50)
    counts.by_status.update(r.status for r in rejects)
    return RunReport(
        run_id="r",
        verb="import",
        dry_run=False,
        started_utc="2026-01-05T12:00:00Z",
        finished_utc="2026-01-05T12:01:00Z",
        source={"name": texts[0], "path": texts[0], "sheet": texts[0], "size_bytes": 5},
        mapping={"name": texts[0]},
        profile={"name": texts[0]},
        counts=counts,
        causes=causes,
        warnings=causes[:1],
        findings=[Finding("duplicate-in-file", t, (t,), 1, (t,), mapping_line=t) for t in texts],
        files={"rejects": texts[0], texts[0]: texts[0]},
        timeline=[{"at_s": float(n), "sent": 5, "applied": 4, "throttled": 1} for n in range(9)],
        notes=[texts[0]],
    ), rejects


def written(path: Path, report: RunReport, rejects: list[Reject], **parts: Any) -> str:
    """The page as text."""
    delivered = Delivered()
    results = [Result(9, "ada@example.com", Status.CREATED, "id-9")]
    assert list(delivered.watch(results)) == results
    write_html(path, report, rejects, delivered, **parts)
    return path.read_text("utf-8")


@pytest.mark.parametrize("text", NAUGHTY[1:], ids=range(1, len(NAUGHTY)))
def test_no_text_becomes_markup(tmp_path: Path, text: str) -> None:
    """With any text everywhere the page has the elements and attributes it has with `x`."""
    expected = written(tmp_path / "x.html", *run(["x"], 20), show_values=True)

    page = written(tmp_path / "page.html", *run([text], 20), show_values=True)

    assert tags(page) == tags(expected)


def test_the_policy_lets_nothing_in(tmp_path: Path) -> None:
    """No source but the page's own style and script, by hash; no address is asked."""
    page = written(tmp_path / "page.html", *run(["x"], 5))

    policy = page.split('Content-Security-Policy" content="')[1].split('"')[0]
    assert policy.startswith("default-src &#39;none&#39;; style-src &#39;sha256-")
    assert "unsafe" not in policy
    assert "://" not in page
    assert "<link" not in page
    assert "style=" not in page


def test_values_are_masked_unless_asked_for(tmp_path: Path) -> None:
    """Neither a cell nor a key stands in the page by default; IDs do."""
    report, rejects = run(["ada@example.com"], 5)
    report.source, report.notes, report.files = {"name": "c.csv"}, [], {}
    report.mapping, report.profile = {}, {}
    rejects = [dataclasses.replace(r, column="E-mail") for r in rejects]
    counter = CauseCounter()
    counter.add(rejects)
    report.causes, report.warnings = counter.causes(), []
    report.findings = [Finding("email-missing-at", "E-mail", ("A2",), 1, ("ada@example.com",))]

    hidden = written(tmp_path / "hidden.html", report, rejects)
    shown = written(tmp_path / "shown.html", report, rejects, show_values=True)

    assert "ada@example.com" not in hidden
    assert "id-9" in hidden
    assert "ada@example.com" in shown


def test_the_table_is_capped_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is beyond the cap is counted, and the page says where it stands."""
    monkeypatch.setattr(seen, "MAX_REJECTS", 10)

    page = written(tmp_path / "page.html", *run(["x"], 1234))

    assert page.count("<tr data-column=") == 10
    assert "the first 10 of 1,234 problems" in page


def test_german_is_german(tmp_path: Path) -> None:
    """The page speaks the language of the run, numbers included."""
    page = written(tmp_path / "page.html", *run(["x"], 1234), language="de")

    assert '<html lang="de">' in page
    assert "1.284 Zeilen" in page
    assert "Probleme nach Ursache" in page


def test_a_clean_run_is_said_to_be_clean(tmp_path: Path) -> None:
    """Without a problem there are no empty tables."""
    counts = Counts(rows=3)
    counts.add(Status.CREATED, 3)
    report = RunReport("r", "import", False, "2026-01-05T12:00:00Z", counts=counts)  # noqa: FBT003

    write_html(tmp_path / "page.html", report, [])

    page = (tmp_path / "page.html").read_text()
    assert "Every row was accepted." in page
    assert 'id="rejects"' not in page
    assert 'id="timeline"' not in page


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Debian's Chromium, headless."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@dataclasses.dataclass
class Tab:
    """A page and what it said and asked for."""

    page: Any
    said: list[str]
    asked: list[str]


def dismissed(tab: Tab, dialog: Any) -> None:
    """A window that pops up is remembered and closed."""
    tab.said.append(dialog.message)
    dialog.dismiss()


def opened(browser: Any, path: Path, **how: Any) -> Tab:
    """The report in a new window."""
    page = browser.new_page(**how)
    tab = Tab(page, [], [])
    page.on("console", lambda message: tab.said.append(message.text))
    page.on("pageerror", lambda error: tab.said.append(str(error)))
    page.on("dialog", lambda dialog: dismissed(tab, dialog))
    page.on("request", lambda request: tab.asked.append(request.url))
    page.goto(path.as_uri())
    return tab


@needs_browser
def test_it_opens_without_a_word_and_asks_nobody(browser: Any, tmp_path: Path) -> None:
    """Naughty texts everywhere: no console message, no dialog, no request but for the file."""
    path = tmp_path / "page.html"
    written(path, *run(NAUGHTY), show_values=True)

    tab = opened(browser, path)

    tab.page.wait_for_timeout(200)
    assert tab.said == []
    assert tab.asked == [path.as_uri()]
    assert tab.page.locator("tbody script, tbody img").count() == 0
    assert tab.page.evaluate("document.scripts.length") == 1


@needs_browser
def test_the_table_pages_sorts_filters_and_searches(browser: Any, tmp_path: Path) -> None:
    """What a person clicks and types does what it says."""
    path = tmp_path / "page.html"
    report, rejects = run(["alpha", "beta"], 120)
    written(path, report, rejects, show_values=True)
    page = opened(browser, path).page
    rows = page.locator("#table tbody tr")
    found = page.locator("#found")

    assert rows.count() == 50
    assert found.inner_text() == "120 problems match."
    assert page.locator("#page").inner_text() == "Page 1 of 3"
    page.click("#after")
    assert rows.first.locator("td").first.inner_text() == "52"
    header = page.locator("#table th").first
    header.locator("button").click()
    header.locator("button").click()
    assert header.get_attribute("aria-sort") == "descending"
    assert rows.first.locator("td").first.inner_text() == "121"
    page.fill("#search", "ROW 77 names")
    assert rows.count() == 1
    assert found.inner_text() == "1 problem matches."
    page.fill("#search", "no such thing")
    assert found.inner_text() == "Nothing matches."
    page.click("button[type=reset]")
    page.wait_for_function("document.querySelector('#found').textContent.startsWith('120')")
    page.select_option("#by-column", label="alpha")
    expected = sum(r.column == "alpha" for r in rejects)
    assert found.inner_text() == f"{expected} problems match."


@needs_browser
def test_a_keyboard_reaches_everything(browser: Any, tmp_path: Path) -> None:
    """The first stop skips to the report; sorting works by Enter; every control has a name."""
    path = tmp_path / "page.html"
    written(path, *run(["alpha", "beta"], 60))
    page = opened(browser, path).page

    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.locator("#table th button").nth(1).focus()
    page.keyboard.press("Enter")
    assert page.locator("#table th").nth(1).get_attribute("aria-sort") == "ascending"
    names = page.evaluate(
        "Array.from(document.querySelectorAll('input, select, button'),"
        " e => (e.labels?.[0]?.innerText ?? e.innerText).trim())"
    )
    assert all(names)
    assert page.locator("svg:not([role=img]):not([aria-hidden])").count() == 0
    assert page.locator("h1").count() == 1


@needs_browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_stand_out_from_the_ground(browser: Any, tmp_path: Path, scheme: str) -> None:
    """Text has a contrast of at least 4.5 to its ground, by day and by night."""
    path = tmp_path / "page.html"
    written(path, *run(["alpha", "beta"], 60))
    page = opened(browser, path, color_scheme=scheme).page

    worst = page.evaluate(
        """() => {
          const bright = (colour) => {
            const [r, g, b] = colour.match(/[0-9.]+/g).slice(0, 3).map((v) => v / 255)
              .map((v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
            return 0.2126 * r + 0.7152 * g + 0.0722 * b;
          };
          const ground = (e) => {
            for (; e; e = e.parentElement) {
              const colour = getComputedStyle(e).backgroundColor;
              if (!colour.endsWith(", 0)") && colour !== "transparent") return colour;
            }
            return "rgb(255, 255, 255)";
          };
          let worst = 99;
          for (const e of document.querySelectorAll("p, th, td, a, h1, h2, h3, li, label, caption, dt, dd")) {
            if (!e.innerText?.trim()) continue;
            const [a, b] = [bright(getComputedStyle(e).color), bright(ground(e))];
            worst = Math.min(worst, (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05));
          }
          return worst;
        }"""
    )

    assert worst >= 4.5


@needs_browser
def test_it_fits_a_phone_and_prints(browser: Any, tmp_path: Path) -> None:
    """Nothing sticks out at 360 pixels; paper gets no controls."""
    path = tmp_path / "page.html"
    written(path, *run(["a long header of a column", "x" * 80], 60))
    page = opened(browser, path, viewport={"width": 360, "height": 700}).page

    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.emulate_media(media="print")
    assert not page.locator(".controls").is_visible()
    assert page.pdf()


def test_a_cause_says_which_line_mends_it(tmp_path: Path) -> None:
    """The line of the mapping stands with its cause, and how many rows it mends."""
    report, rejects = run(["x"], 30)
    report.causes = [Cause("duplicate-in-file", "x", 30, rejects[0], "    region: DE", 28)]

    page = written(tmp_path / "page.html", report, rejects)

    assert "mends 28 of the 30 rows" in page
    assert "<pre><code>region: DE</code></pre>" in page
