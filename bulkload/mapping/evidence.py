"""What the cells of a column look like: shares of e-mails, numbers, dates, words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import polars as pl

from bulkload.mapping import words
from bulkload.mapping.values import trimmed

SAMPLE_ROWS = 5_000
_EMAIL = r"^[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>.]{2,}$"
_PHONE = r"^'?(?:\+|00|\(|0)?[\d (]?[\d ()./\x{2011}-]{5,18}\d$"
_DATE = r"^(?:\d{1,2}[./ -]\d{1,2}[./ -](?:\d{4}|\d{2})|(?:18|19|20)\d{2}[./-]\d{1,2}[./-]\d{1,2})(?:[T ]\d{2}:\d{2}.*)?$"
_INTEGER = r"^[+-]?\d{1,9}$|^[+-]?\d{1,3}(?:[., '\x{a0}\x{202f}]\d{3})+$"
_AMOUNT = r"^[^\d]{0,4}[+-]?\d[\d., '\x{a0}\x{202f}]*[.,]\d{2}[^\d]{0,5}$"
_FIRST_PART = r"^(\d{1,2})[./ -]\d{1,2}[./ -]\d{2,4}"
_SECOND_PART = r"^\d{1,2}[./ -](\d{1,2})[./ -]\d{2,4}"
_YEAR = r"((?:18|19|20)\d{2})"
_LANGUAGE_NAMES = (
    "de en fr es it pl pt nl da sv no fi cs sk hu ro bg hr sl el tr uk ru ja zh ko ar he ca et lt lv ga "
    "deutsch german english englisch französisch french français anglais allemand español spanish inglés "
    "italiano italian polski polish português portuguese nederlands dutch"
)
_GENDER_NAMES = (
    "f m w d x male female diverse herr frau mr mrs ms miss dr mx monsieur madame m. mme mlle hombre mujer sr sra "
    "uomo donna sig. sig.ra pan pani homem mulher h v man vrouw dhr mevr männlich weiblich masculino femenino kobieta "
    "mężczyzna sig"
)
_LANGUAGES = _LANGUAGE_NAMES.split()
_GENDERS = _GENDER_NAMES.split()
_MONTHS = 12
_MOST = 0.8

PhoneTest = Callable[[str, str], bool]
"""Whether a text is a phone number, for numbers at home in a region: `(text, "DE")`."""


@dataclass(frozen=True, slots=True)
class Looks:
    """Shares of the cells that are not blank, from 0 to 1; `seen` is how many there are."""

    header: str
    seen: int
    examples: tuple[str, ...]
    email: float = 0.0
    phone: float = 0.0
    date: float = 0.0
    past: float = 0.0
    """Dates whose year makes a date of birth likely."""
    integer: float = 0.0
    amount: float = 0.0
    boolean: float = 0.0
    language: float = 0.0
    country: float = 0.0
    gender: float = 0.0
    letters: float = 0.0
    """Cells without digits."""
    spaced: float = 0.0
    """Cells of two words or more."""
    distinct: float = 0.0
    length: float = 0.0
    """Mean number of characters."""
    day_first: int = 0
    """Dates whose first part is above 12."""
    month_first: int = 0
    """Dates whose second part is above 12."""
    comma_groups: bool = False
    """Groups of three after a comma, and nothing that contradicts."""
    point_groups: bool = False
    nothing: tuple[str, ...] = ()
    """Words for `nothing here`; they do not count as cells."""


def looks(rows: pl.DataFrame, headers: Sequence[str]) -> list[Looks]:
    """Describe columns by their first cells; one `Looks` per header."""
    return [_look(name, rows[name].head(SAMPLE_ROWS)) for name in headers]


def _look(header: str, column: pl.Series) -> Looks:
    written = pl.DataFrame({"cell": column}).select(trimmed(pl.col("cell"))).drop_nulls()
    is_nothing = pl.col("cell").str.to_lowercase().is_in(list(words.NOTHING))
    nothing = tuple(sorted(set(written.filter(is_nothing)["cell"])))
    cells = written.filter(~is_nothing)
    if cells.is_empty():
        return Looks(header, 0, (), nothing=nothing)
    cell = pl.col("cell")
    lower = cell.str.to_lowercase()
    date = cell.str.contains(_DATE)
    year = cell.str.extract(_YEAR, 1).cast(pl.Int32, strict=False)
    digits = cell.str.count_matches(r"\d")
    found = cells.select(
        email=cell.str.contains(_EMAIL).mean(),
        phone=(cell.str.contains(_PHONE) & ~date & digits.is_between(6, 15)).mean(),
        date=date.mean(),
        past=(date & year.is_between(1900, 2015)).mean(),
        integer=cell.str.contains(_INTEGER).mean(),
        amount=cell.str.contains(_AMOUNT).mean(),
        boolean=lower.is_in([*words.YES, *words.NO]).mean(),
        language=lower.str.split("-")
        .list.first()
        .str.split("_")
        .list.first()
        .is_in(_LANGUAGES)
        .mean(),
        country=lower.is_in(list(words.COUNTRIES)).mean(),
        gender=lower.is_in(_GENDERS).mean(),
        letters=(digits == 0).mean(),
        spaced=cell.str.contains(r"\S\s+\S").mean(),
        distinct=cell.n_unique() / pl.len(),
        length=cell.str.len_chars().mean(),
        day_first=(cell.str.extract(_FIRST_PART, 1).cast(pl.Int32, strict=False) > _MONTHS).sum(),
        month_first=(
            cell.str.extract(_SECOND_PART, 1).cast(pl.Int32, strict=False) > _MONTHS
        ).sum(),
        comma_groups=_groups(cell, ","),
        point_groups=_groups(cell, "."),
    ).row(0, named=True)
    examples = tuple(cells["cell"].unique(maintain_order=True).head(3))
    return Looks(header, cells.height, examples, nothing=nothing, **found)


def _groups(cell: pl.Expr, sign: str) -> pl.Expr:
    """Whether the sign parts thousands somewhere and stands nowhere else."""
    grouped = cell.str.contains(rf"^[+-]?\d{{1,3}}(?:[{sign}]\d{{3}})+$")
    return grouped.any() & (grouped | ~cell.str.contains(sign, literal=True)).all()


CALLING_CODES = {
    "49": "DE", "44": "GB", "33": "FR", "34": "ES", "39": "IT", "48": "PL", "351": "PT", "31": "NL",
    "43": "AT", "41": "CH", "32": "BE", "55": "BR", "52": "MX", "353": "IE", "61": "AU",
}  # fmt: skip
"""Regions by calling code; +1 is left out, for it is shared."""


def region_of_calling_codes(cells: Sequence[str]) -> str | None:
    """Return the region of most of the numbers that carry a calling code, None without a majority."""
    seen: Counter[str] = Counter()
    for cell in cells:
        digits = "".join(c for c in cell if c.isdigit())
        if cell.lstrip(" '(").startswith("00"):
            digits = digits[2:]
        elif not cell.lstrip(" '(").startswith("+"):
            continue
        seen.update(region for code, region in CALLING_CODES.items() if digits.startswith(code))
    if not seen:
        return None
    [(region, number)] = seen.most_common(1)
    return region if number * 2 > seen.total() else None


def home_region(
    cells: Sequence[str], is_phone: PhoneTest, regions: Sequence[str]
) -> tuple[str, float] | None:
    """Return the region in which most national numbers are valid, and the share of them.

    German numbers are nearly all valid in Austria as well, so between regions that fit equally well
    the calling codes of the other numbers decide. None if nothing does, or if there are no national
    numbers.
    """
    national = [cell for cell in cells if not cell.lstrip(" '(").startswith(("+", "00"))][:200]
    if not national:
        return None
    shares = {
        region: sum(is_phone(cell, region) for cell in national) / len(national)
        for region in regions
    }
    best = max(shares.values())
    close = [region for region, share in shares.items() if share > best - 0.1]
    if best < _MOST:
        return None
    if len(close) > 1:
        close = [region for region in close if region == region_of_calling_codes(cells)]
    return (close[0], shares[close[0]]) if close else None
