"""Numbers, dates and words for yes and no: how a cell's text is read, as Polars expressions.

Each function takes the text of a cell that is not blank and gives the canonical text, plus the code
of a problem where the cell cannot be read. A cell that cannot be read keeps its own text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import polars as pl

from bulkload.mapping import document as language
from bulkload.mapping import words

SPACES = r"[ \x{a0}\x{2009}\x{202f}]"
_TIME = r"(?:[T ,]+0?0:00(?::00(?:\.0+)?)?)?"
_SIGN = r" ?[./ -] ?"
_YEAR_LAST = rf"^([0-9]{{1,2}}){_SIGN}([0-9]{{1,2}}){_SIGN}([0-9]{{4}}|[0-9]{{2}}){_TIME}$"
_YEAR_FIRST = rf"^([0-9]{{4}}){_SIGN}([0-9]{{1,2}}){_SIGN}([0-9]{{1,2}}){_TIME}$"
_SHORT_YEAR = rf"^[0-9]{{1,2}}{_SIGN}[0-9]{{1,2}}{_SIGN}[0-9]{{2}}$"
_SHORT_YEAR_FIRST = rf"^([0-9]{{2}}){_SIGN}([0-9]{{1,2}}){_SIGN}([0-9]{{1,2}})$"
_WITH_NAME = (
    r"^(?:([0-9]{1,2})(?:st|nd|rd|th|er|º|\.)?[ -]+(?:de )?)?([\p{L}]{3,})\.?,?[ -]+(?:de )?"
    r"(?:([0-9]{1,2})(?:st|nd|rd|th)?,? +)?([0-9]{4})$"
)
YEAR_DIGITS = 4
EXCEL_1900 = 1900
_SERIAL = r"^([0-9]{1,6})(?:\.0+)?$"


@dataclass(frozen=True, slots=True)
class Cell:
    """A value on its way: its text, and the code of what could not be read (null where all is well)."""

    text: pl.Expr
    problem: pl.Expr | None = None

    def also(self, problem: pl.Expr | None) -> pl.Expr | None:
        """Return the first of two problems."""
        if self.problem is None or problem is None:
            return self.problem if problem is None else problem
        return pl.coalesce(self.problem, problem)


PLAIN_NUMBER = r"^[+-]?[0-9]+$"
"""Whole numbers without any sign between: every style reads them as they stand."""
PLAIN_DATE = (
    "^[1-9][0-9]{3}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
    "|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))$"
)
"""Days of the calendar as they are sent, but for 29 February."""


Hold = Callable[[pl.Expr], pl.Expr]
"""Computes an expression once, as a column, where it is used several times."""


def _kept(expression: pl.Expr) -> pl.Expr:
    return expression


def beside(plain: str, cell: Cell, read: Callable[[Cell], Cell], hold: Hold) -> Cell:
    """Read the cells that do not match `plain`; the others stay as they are.

    Args:
        plain: Pattern of cells that `read` would return unchanged and without a problem.
        cell: What is to be read.
        read: Gives null for null.
        hold: Computes an expression once.
    """
    rest = hold(pl.when(~cell.text.str.contains(plain)).then(cell.text))
    found = read(Cell(rest))
    text = pl.coalesce(_where_filled(rest, found.text), cell.text)
    if found.problem is None:
        return Cell(text, cell.problem)
    return Cell(text, cell.also(_where_filled(rest, found.problem)))


def _where_filled(cells: pl.Expr, read: pl.Expr) -> pl.Expr:
    """Compute `read`, made from `cells` alone, for the few that are not null.

    An expression over a whole column costs the same whether it is full of nulls or not.
    """

    def few(column: pl.Series) -> pl.Series:
        filled = column.drop_nulls()
        if not len(filled):
            return pl.Series(column.name, [None], pl.String).new_from_index(0, len(column))
        found = filled.to_frame().select_seq(read.cast(pl.String).alias(column.name)).to_series()
        if len(found) == len(column):
            return found
        return column.clone().scatter(column.is_not_null().arg_true(), found)

    return cells.map_batches(few, return_dtype=pl.String, is_elementwise=True)


def number(cell: Cell, style: language.Numbers | None) -> Cell:
    """Read a number: signs between groups vanish, the decimal sign becomes a point.

    Without a style only plain digits with a point are read, and groups that cannot be anything else
    (`1 234`, `1'234`, `1,234,567`).
    """
    text = cell.text.str.replace_all("[\u2212\u2013]", "-")
    grouping = r"^[+-]?[0-9]{1,3}(?:SIGN[0-9]{3})+(?:FRACTION)?$"
    plain = r"^[+-]?[0-9]+(?:\.[0-9]+)?$"
    if style is None:
        spaced = grouping.replace("SIGN", rf"(?:{SPACES}|['\x{{2019}}])").replace(
            "FRACTION", r"\.[0-9]+"
        )
        repeated = r"^[+-]?[0-9]{1,3}(?:(?:,[0-9]{3}){2,}(?:\.[0-9]+)?|(?:\.[0-9]{3}){2,})$"
        read = (
            pl.when(
                text.str.contains(spaced) | text.str.contains(r"^[+-]?[0-9]{1,3}(,[0-9]{3}){2,}")
            )
            .then(text.str.replace_all(rf"{SPACES}|['\x{{2019}},]", ""))
            .when(text.str.contains(repeated))
            .then(text.str.replace_all(".", "", literal=True))
            .otherwise(text)
        )
        return Cell(pl.when(read.str.contains(plain)).then(read).otherwise(cell.text), cell.problem)
    sign = {" ": SPACES, "'": r"['\x{2019}]", "": r"\x{0}"}.get(
        style.thousands, "[" + style.thousands + "]"
    )
    decimal = "[" + style.decimal + "]"
    whole = grouping.replace("SIGN", sign).replace("FRACTION", decimal + r"[0-9]+")
    ungrouped = rf"^[+-]?[0-9]+(?:{decimal}[0-9]+)?$"
    fits = text.str.contains(whole) | text.str.contains(ungrouped)
    read = text.str.replace_all(sign, "").str.replace(style.decimal, ".", literal=True)
    other_sign = text.str.contains(r"^[+-]?[0-9][[0-9].,' \x{a0}\x{2009}\x{202f}\x{2019}]*$")
    problem = pl.when(~fits & other_sign).then(pl.lit("number-ambiguous"))
    return Cell(pl.when(fits).then(read).otherwise(cell.text), cell.also(problem))


def date(cell: Cell, style: language.Dates | None, hold: Hold = _kept) -> Cell:
    """Read a date as `YYYY-MM-DD`. Without an order, what has two readings is `date-ambiguous`."""
    style = style or language.Dates()
    usual = hold(_usual(cell.text, style.order))
    # The general patterns are slow, so they see only what the usual ones left.
    text = hold(pl.when(usual.is_null()).then(cell.text))
    read = [usual, _calendar(text, _YEAR_FIRST, (1, 2, 3), style), _with_month_name(text)]
    problem: pl.Expr | None = None
    year_last = text.str.contains(_YEAR_LAST)
    if style.order in {"DMY", "MDY"}:
        order = (3, 2, 1) if style.order == "DMY" else (3, 1, 2)
        dated = hold(_calendar(text, _YEAR_LAST, order, style))
        read.append(dated)
        problem = pl.when(year_last & dated.is_null()).then(pl.lit("date-not-in-calendar"))
    elif style.order == "YMD":
        read.append(_calendar(text, _SHORT_YEAR_FIRST, (1, 2, 3), style))
    else:
        day_first = hold(_calendar(text, _YEAR_LAST, (3, 2, 1), style))
        month_first = hold(_calendar(text, _YEAR_LAST, (3, 1, 2), style))
        same = day_first == month_first
        two = day_first.is_not_null() & month_first.is_not_null() & ~same
        read.append(pl.when(~two).then(pl.coalesce(day_first, month_first)))
        problem = pl.when(year_last & two).then(pl.lit("date-ambiguous"))
    if style.short_years_from is None:
        short = text.str.contains(_SHORT_YEAR)
        short_problem = pl.when(short).then(pl.lit("date-ambiguous"))
        problem = short_problem if problem is None else pl.coalesce(short_problem, problem)
    if style.serial is not None:
        read.append(_serial(text, style.serial))
    return Cell(pl.coalesce(*read, cell.text), cell.also(problem))


def _usual(text: pl.Expr, order: str | None) -> pl.Expr:
    """Return the ISO date of a text in one of the few usual forms; null for all others."""
    forms = ["%Y-%m-%d"]
    if order in {"DMY", "MDY"}:
        day_and_month = "%d{0}%m" if order == "DMY" else "%m{0}%d"
        forms += [day_and_month.replace("{0}", sign) + f"{sign}%Y" for sign in "/.-"]
    found = pl.coalesce(text.str.to_date(form, strict=False) for form in forms)
    # A form takes `90` for the year 90.
    whole = found.dt.year().is_between(1000, 9999)
    return pl.when(whole).then(found.dt.to_string("%Y-%m-%d"))


def _calendar(
    text: pl.Expr, pattern: str, groups: tuple[int, int, int], style: language.Dates
) -> pl.Expr:
    """Return the ISO date of a text that fits a pattern; null if it does not or there is no such day."""
    found = text.str.extract_groups(pattern)
    year, month, day = (found.struct[str(group)] for group in groups)
    if style.short_years_from is None:
        year = pl.when(year.str.len_chars() == YEAR_DIGITS).then(year)
    else:
        first = style.short_years_from
        number = year.cast(pl.Int32, strict=False)
        windowed = first + (number - first % 100) % 100
        year = (
            pl.when(year.str.len_chars() == YEAR_DIGITS)
            .then(year)
            .otherwise(windowed.cast(pl.String))
        )
    return _iso(year, month, day)


def _iso(year: pl.Expr, month: pl.Expr, day: pl.Expr) -> pl.Expr:
    spelled = pl.concat_str(
        year, month.str.pad_start(2, "0"), day.str.pad_start(2, "0"), separator="-"
    )
    return spelled.str.to_date("%Y-%m-%d", strict=False).dt.to_string("%Y-%m-%d")


def _with_month_name(text: pl.Expr) -> pl.Expr:
    """Read `12 March 1985`, `March 12, 1985`, `12 de marzo de 1985`."""
    numbers = {word: str(number) for word, number in words.MONTHS.items()}
    found = text.str.to_lowercase().str.extract_groups(_WITH_NAME)
    before, name, after, year = (found.struct[str(group)] for group in (1, 2, 3, 4))
    day = pl.when(before.is_null() | after.is_null()).then(pl.coalesce(before, after))
    return _iso(year, name.replace_strict(numbers, default=None), day)


def _serial(text: pl.Expr, first_year: int) -> pl.Expr:
    """Excel's day numbers of five digits, from 1927 on; four digits are more likely a year."""
    number = text.str.extract(_SERIAL, 1).cast(pl.Int32, strict=False)
    # Excel believes in 29 February 1900: from March on its days count from the day before 1900.
    origin = pl.date(1899, 12, 30) if first_year == EXCEL_1900 else pl.date(1904, 1, 1)
    valid = number.is_between(10_000, 99_999)
    return pl.when(valid).then((origin + pl.duration(days=number)).dt.to_string("%Y-%m-%d"))


def boolean(cell: Cell, own: language.Words | None, hold: Hold | None = None) -> Cell:
    """Read words for yes and no as `true` and `false`."""
    yes, no = (own.yes, own.no) if own else (tuple(words.YES), tuple(words.NO))
    known = {word.strip().lower(): "true" for word in yes}
    known |= {word.strip().lower(): "false" for word in no}
    read = _known(cell.text, known) if hold is None else looked_up(cell.text, known, hold)
    problem = None
    if own:
        # Without this the judge would accept a `true` that the mapping's own words exclude.
        problem = pl.when(read.is_null() & cell.text.is_not_null()).then(pl.lit("value-not-in-map"))
    return Cell(pl.coalesce(read, cell.text), cell.also(problem))


def country(text: pl.Expr, own: Mapping[str, str], hold: Hold) -> pl.Expr:
    """Return the ISO code of a country's name or code; null if it is not known."""
    known = words.COUNTRIES | {name.strip().lower(): code for name, code in own.items()}
    return looked_up(text, known, hold)


def looked_up(text: pl.Expr, known: Mapping[str, str], hold: Hold) -> pl.Expr:
    """Return what is known about a text, whatever its case; null if nothing is.

    Args:
        text: A column.
        known: By text in lower case.
        hold: Computes an expression once.
    """
    # The usual spellings need no work on the text.
    usual = {
        spelling: known[word]
        for word in known
        for spelling in (word, word.upper(), word.title())
        if spelling.lower() == word
    }
    found = hold(text.replace_strict(usual, default=None, return_dtype=pl.String))
    rest = hold(pl.when(found.is_null()).then(text))
    return hold(pl.coalesce(found, _where_filled(rest, _known(rest, known))))


def _known(text: pl.Expr, known: Mapping[str, str]) -> pl.Expr:
    lower = text.str.strip_chars().str.to_lowercase()
    return lower.replace_strict(known, default=None, return_dtype=pl.String)
