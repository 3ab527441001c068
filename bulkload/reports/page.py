"""The markup of report.html, section by section.

Every text goes through the `%` of a `Markup`, which escapes whatever is no `Markup` itself: nothing
from a cell, a header or a name becomes markup, wherever it is put.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from markupsafe import Markup

_Context = Mapping[str, Any]
_NOTHING = Markup()


def page(c: _Context, *, policy: str, css: Markup, script: Markup) -> Markup:
    """Return the whole page.

    Args:
        c: What `html` knows of the run; names as there.
        policy: What the browser may load and run.
        css: The page's style, ready to be put in.
        script: Its script.
    """
    sections = (
        _counts(c), _causes(c), _columns(c), _rejects(c), _warnings(c), _findings(c),
        _duplicates(c), _timeline(c), _results(c), _about(c),
    )  # fmt: skip
    head = Markup(
        '<!doctype html>\n<html lang="%s">\n<head>\n<meta charset="utf-8">\n'
        '<meta http-equiv="Content-Security-Policy" content="%s">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        '<meta name="color-scheme" content="light dark">\n'
        "<title>%s</title>\n<style>%s</style>\n</head>\n<body>\n"
    )
    end = Markup("</main>\n<script>%s</script>\n</body>\n</html>\n")
    return _joined(
        (
            head % (c["language"], policy, c["title"], css),
            _header(c),
            _navigation(c),
            Markup('<main id="main">\n'),
            *sections,
            end % script,
        )
    )


def _joined(parts: Iterable[Markup]) -> Markup:
    return _NOTHING.join(parts)


def _each(pattern: str, rows: Iterable[tuple[Any, ...]]) -> Markup:
    """Return the pattern once for every row of values, a line each."""
    line = Markup(pattern + "\n")  # noqa: S704 - patterns are literals of this module
    return _joined(line % row for row in rows)


def _if(value: Any, pattern: str, *values: Any) -> Markup:
    """Return the pattern with the values, or nothing where there is nothing to say."""
    if not value:
        return _NOTHING
    return Markup(pattern) % (values or (value,))  # noqa: S704 - patterns are literals of this module


def _section(anchor: str, title: str, *parts: Markup) -> Markup:
    section = Markup('<section id="%s">\n<h2>%s</h2>\n%s</section>\n\n')
    return section % (anchor, title, _joined(parts))


def _table(
    caption: str,
    heads: Sequence[tuple[str, str]],
    rows: Markup,
    *,
    kind: str = "narrow",
    foot: Markup = _NOTHING,
) -> Markup:
    """Return a table.

    Args:
        caption: What it shows.
        heads: Name and class of each column; a column may have neither.
        rows: Its rows.
        kind: Class of the table.
        foot: What stands below its rows.
    """
    table = Markup(
        "<table%s>\n<caption>%s</caption>\n<thead><tr>%s</tr></thead>\n<tbody>\n%s</tbody>\n%s</table>\n"
    )
    head = Markup('<th scope="col"%s>%s</th>')
    cells = _joined(
        head % (_class(kind_), name) if name else Markup("<td></td>") for name, kind_ in heads
    )
    return table % (_class(kind), caption, cells, rows, foot)


def _class(name: str) -> Markup:
    return _if(name, ' class="%s"')


def _header(c: _Context) -> Markup:
    t, report = c["t"], c["report"]
    is_dry = report.dry_run
    before = report.delivered_before
    kind = Markup('<p class="kind">bulkload · %s%s</p>\n')
    return _joined(
        (
            Markup('<a class="skip" href="#main">%s</a>\n<header>\n') % t("html-skip"),
            kind % (t("html-verb-" + report.verb), _if(is_dry, " · %s", t("html-dry-run"))),
            Markup('<h1>%s</h1>\n<p class="verdict %s">%s</p>\n')
            % (c["source_name"], c["tone"], c["verdict"]),
            _if(is_dry, "<p>%s</p>\n", t("dry-run")),
            _if(before, "<p>%s</p>\n", t("delivered-before", rows=before)),
            _each('<p class="note">%s</p>', ((note,) for note in report.notes)),
            _if(not c["show_values"], '<p class="quiet">%s</p>\n', t("html-masked")),
            Markup("</header>\n"),
        )
    )


def _navigation(c: _Context) -> Markup:
    n = c["n"]
    links = _each(
        '<li><a href="#%s">%s%s</a></li>',
        (
            (
                anchor,
                name,
                _NOTHING
                if number is None
                else Markup(' <span class="count">%s</span>') % n(number),
            )
            for anchor, name, number in c["contents"]
        ),
    )
    nav = Markup('<nav aria-label="%s"><ul>\n%s</ul></nav>\n')
    return nav % (c["t"]("html-contents"), links)


def _counts(c: _Context) -> Markup:
    t, n, report = c["t"], c["n"], c["report"]
    bar = Markup(
        '<svg class="bar" role="img" aria-labelledby="bar-title" viewBox="0 0 1000 28"'
        ' preserveAspectRatio="none"><title id="bar-title">%s</title>\n%s</svg>\n'
    )
    parts = _each(
        '<rect class="s-%s" x="%s" y="0" width="%s" height="28"><title>%s: %s</title></rect>',
        ((p["status"], p["x"], p["width"], p["name"], n(p["rows"])) for p in c["bar"]),
    )
    rows = _each(
        '<tr><th scope="row"><span class="key s-%s"></span>%s</th>'
        '<td class="number">%s</td><td class="number">%s</td></tr>',
        ((p["status"], p["name"], n(p["rows"]), p["share"]) for p in c["counts"]),
    )
    adds_up = t("html-adds-up") if report.counts.conserved else t("html-does-not-add-up")
    total = Markup(
        '<tfoot><tr><th scope="row">%s</th><td class="number">%s</td><td class="number">%s</td></tr>'
        "</tfoot>\n"
    )
    foot = total % (t("html-rows-read"), n(report.counts.rows), adds_up)
    heads = ((t("html-status"), ""), (t("html-rows"), "number"), (t("html-share"), "number"))
    return _section(
        "counts",
        t("html-counts"),
        bar % (c["bar_title"], parts) if c["bar"] else _NOTHING,
        _table(t("html-counts-caption"), heads, rows, foot=foot),
    )


def _causes(c: _Context) -> Markup:
    t, n = c["t"], c["n"]
    if not c["causes"]:
        return _NOTHING
    article = Markup(
        '<article class="cause">\n<h3><span class="number">%s</span> %s%s</h3>\n<p>%s</p>\n%s'
        '<ul class="examples">\n%s</ul>\n</article>\n'
    )
    example = '<li>%s %s: <span class="quiet">%s</span></li>'
    row = t("html-row")
    return _section(
        "causes",
        t("html-causes"),
        *(
            article
            % (
                n(cause["rows"]),
                cause["title"],
                _column(cause["column"]),
                cause["fix"],
                _if(
                    cause["mapping_line"],
                    '<p class="mend">%s</p><pre><code>%s</code></pre>\n',
                    t("html-mended", mends=cause["mends"], rows=cause["rows"]),
                    cause["mapping_line"],
                ),
                _each(example, ((row, e["row_number"], e["what"]) for e in cause["examples"])),
            )
            for cause in c["causes"]
        ),
    )


def _column(name: str) -> Markup:
    return _if(name, ' <span class="column">%s</span>')


def _columns(c: _Context) -> Markup:
    t, n = c["t"], c["n"]
    if not c["columns"]:
        return _NOTHING
    rows = _each(
        '<tr><th scope="row">%s</th><td class="number">%s</td><td><svg class="share" aria-hidden="true"'
        ' viewBox="0 0 100 10" preserveAspectRatio="none"><rect class="s-rejected" x="0" y="0"'
        ' width="%s" height="10"/></svg></td></tr>',
        (
            (column["name"] or t("html-whole-row"), n(column["problems"]), column["share"])
            for column in c["columns"]
        ),
    )
    heads = ((t("problems-column"), ""), (t("problems-title"), "number"), ("", ""))
    return _section("columns", t("html-columns"), _table(t("html-columns-caption"), heads, rows))


def _rejects(c: _Context) -> Markup:
    t, rejects, problems = c["t"], c["rejects"], c["problems"]
    if not rejects:
        return _NOTHING
    shown = len(rejects)
    told = (
        t("html-capped", shown=shown, problems=problems)
        if problems > shown
        else t("html-all-shown", problems=problems)
    )
    found = Markup('<p id="found" role="status" data-one="%s" data-many="%s" data-none="%s"></p>\n')
    table = Markup(
        '<div class="scroll" role="region" tabindex="0" aria-label="%s">\n<table id="table">\n'
        '<caption class="hidden">%s</caption>\n<thead><tr>\n%s</tr></thead>\n<tbody>\n%s</tbody>\n'
        "</table>\n</div>\n"
    )
    heads = _each(
        '<th scope="col" data-sort="%s">%s</th>',
        (
            ("number" if name == "row" else "text", t(f"problems-{name}"))
            for name in ("row", "column", "text", "what", "fix", "code")
        ),
    )
    rows = _each(
        '<tr data-column="%s" data-code="%s"><td class="number">%s</td><td>%s</td><td class="cell">%s</td>'
        "<td>%s</td><td>%s</td><td><code>%s</code></td></tr>",
        (
            (
                *(r["column_number"], r["code"], r["row_number"], r["column"]),
                *(r["cell"], r["what"], r["fix"], r["code"]),
            )
            for r in rejects
        ),
    )
    pager = Markup(
        '<div class="pager" hidden>\n<button type="button" id="before">%s</button>\n'
        '<span id="page" role="status" data-text="%s"></span>\n'
        '<button type="button" id="after">%s</button>\n</div>\n'
    )
    title = t("html-rejects")
    return _section(
        "rejects",
        title,
        Markup("<p>%s</p>\n") % told,
        _controls(c),
        found % (t("html-found-one"), t("html-found-many"), t("html-found-none")),
        table % (title, title, heads, rows),
        pager % (t("html-before"), t("html-page"), t("html-after")),
    )


def _controls(c: _Context) -> Markup:
    t = c["t"]
    form = Markup(
        '<form class="controls" hidden>\n'
        '<label>%s <input type="search" id="search" autocomplete="off"></label>\n'
        '<label>%s <select id="by-column">%s</select></label>\n'
        '<label>%s <select id="by-code">%s</select></label>\n'
        '<button type="reset">%s</button>\n</form>\n'
    )
    option = Markup('<option value="%s">%s</option>')
    any_ = option % ("", t("html-any"))
    columns = _joined(
        option % (number, name or t("html-whole-row"))
        for number, name in enumerate(c["filter_columns"], start=1)
    )
    codes = _joined(option % (name, name) for name in c["filter_codes"])
    return form % (
        t("html-search"),
        t("html-filter-column"),
        any_ + columns,
        t("html-filter-code"),
        any_ + codes,
        t("html-reset"),
    )


def _warnings(c: _Context) -> Markup:
    if not c["warnings"]:
        return _NOTHING
    rows = _each(
        "<li><strong>%s</strong> %s%s: %s</li>",
        ((c["n"](w["rows"]), w["title"], _column(w["column"]), w["fix"]) for w in c["warnings"]),
    )
    return _section("warnings", c["t"]("html-warnings"), Markup("<ul>%s</ul>\n") % rows)


def _findings(c: _Context) -> Markup:
    t = c["t"]
    if not c["findings"]:
        return _NOTHING
    rows = _each(
        '<tr><th scope="row">%s</th><td>%s</td><td>%s%s</td><td>%s%s</td></tr>',
        (
            (
                found["column"] or t("html-whole-file"),
                found["what"],
                ", ".join(found["cells"]),
                _if(found["cells"] and found["count"] > len(found["cells"]), ", %s", "…"),
                found["fix"],
                _if(found["mapping_line"], "<pre><code>%s</code></pre>"),
            )
            for found in c["findings"]
        ),
    )
    names = ("problems-column", "html-finding", "html-places", "problems-fix")
    heads = tuple((t(name), "") for name in names)
    return _section(
        "findings",
        t("html-findings"),
        _table(t("html-findings-caption"), heads, rows, kind=""),
    )


def _duplicates(c: _Context) -> Markup:
    t, duplicates = c["t"], c["duplicates"]
    if not duplicates:
        return _NOTHING
    shown, all_ = len(duplicates), c["report"].counts[c["duplicate"]]
    rows = _each(
        '<tr><td class="number">%s</td><td class="number">%s</td><td>%s</td><td class="cell">%s</td></tr>',
        ((d["row_number"], d["first_row"], d["column"], d["cell"]) for d in duplicates),
    )
    heads = (
        (t("problems-row"), "number"),
        (t("html-first-row"), "number"),
        (t("problems-column"), ""),
        (t("problems-text"), ""),
    )
    return _section(
        "duplicates",
        t("html-duplicates"),
        _if(all_ > shown, "<p>%s</p>\n", t("html-first", shown=shown, rows=all_)),
        _table(t("html-duplicates-caption"), heads, rows),
    )


def _timeline(c: _Context) -> Markup:
    t, plot = c["t"], c["plot"]
    if not plot:
        return _NOTHING
    heads = _joined(
        Markup('<th scope="col" class="number">%s</th>') % t(name)
        for name in ("html-second", "html-sent", "html-throttled", "html-retried", "html-latency")
    )
    rows = _each(
        '<tr><th scope="row" class="number">%s</th><td class="number">%s</td><td class="number">%s</td>'
        '<td class="number">%s</td><td class="number">%s</td></tr>',
        ((r["at"], r["sent"], r["throttled"], r["retried"], r["latency"]) for r in plot["rows"]),
    )
    details = Markup(
        '<details><summary>%s</summary>\n<table class="narrow"><thead><tr>%s</tr></thead><tbody>\n'
        "%s</tbody></table></details>\n"
    )
    return _section(
        "timeline",
        t("html-timeline"),
        Markup("<p>%s</p>\n") % plot["sentence"],
        _drawing(c) if plot["is_drawn"] else _NOTHING,
        details % (t("html-figures"), heads, rows),
    )


def _drawing(c: _Context) -> Markup:
    t, plot = c["t"], c["plot"]
    drawing = Markup(
        '<svg class="plot" role="img" aria-labelledby="plot-title" viewBox="0 0 880 300">'
        '<title id="plot-title">%s</title>\n%s%s<polyline class="latency" points="%s"/>\n%s'
        '<text class="axis" x="60" y="12">%s</text><text class="axis" x="60" y="186">%s</text>\n'
        '</svg>\n<ul class="legend">%s</ul>\n'
    )
    grid = _each(
        '<line class="grid" x1="60" x2="850" y1="%s" y2="%s"/>'
        '<text class="tick" x="54" y="%s" text-anchor="end">%s</text>',
        ((line["y"], line["y"], line["y"] + 4, line["text"]) for line in plot["grid"]),
    )
    bars = _each(
        '<rect class="%s" x="%s" y="%s" width="%s" height="%s"/>',
        ((b["kind"], b["x"], b["y"], b["width"], b["height"]) for b in plot["bars"]),
    )
    ticks = _each(
        '<text class="tick" x="%s" y="296" text-anchor="middle">%s</text>',
        ((mark["x"], mark["text"]) for mark in plot["ticks"]),
    )
    legend = _joined(
        Markup('<li><span class="key %s"></span>%s</li>') % (kind, t(f"html-{kind}"))
        for kind in ("applied", "throttled", "retried", "latency")
    )
    axes = (t("html-plot-rate"), t("html-plot-latency"))
    return drawing % (plot["sentence"], grid, bars, plot["latency"], ticks, *axes, legend)


def _results(c: _Context) -> Markup:
    t, results, more = c["t"], c["results"], c["more_results"]
    if not results:
        return _NOTHING
    rows = _each(
        '<tr><td class="number">%s</td><td class="cell">%s</td><td>%s</td><td><code>%s</code></td></tr>',
        ((r["row_number"], r["key"], r["status"], r["remote_id"]) for r in results),
    )
    heads = (
        (t("problems-row"), "number"),
        (t("html-key"), ""),
        (t("html-status"), ""),
        ("ID", ""),
    )
    shown = len(results)
    scroll = Markup('<div class="scroll" role="region" tabindex="0" aria-label="%s">\n%s</div>\n')
    return _section(
        "results",
        t("html-results"),
        _if(more, "<p>%s</p>\n", t("html-first", shown=shown, rows=shown + more)),
        scroll % (t("html-results"), _table(t("html-results-caption"), heads, rows, kind="")),
    )


def _about(c: _Context) -> Markup:
    t = c["t"]
    files = _each("<dt>%s</dt><dd><code>%s</code></dd>", c["files"])
    return _section(
        "about",
        t("html-about"),
        Markup("<dl>\n%s</dl>\n") % _each("<dt>%s</dt><dd>%s</dd>", c["about"]),
        _if(c["files"], "<h3>%s</h3>\n<dl>\n%s</dl>\n", t("files"), files),
    )
