"""For every kind, what Polars can say about a column without asking the exact path.

A twin may only accept, and only what the exact check is proven to accept with the same value;
about all else it says nothing. `tests.fuzz_fast_path` looks for a counterexample, kind by kind.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence

import polars as pl

from bulkload.records import Field, Kind
from bulkload.validation.characters import is_seen, stripped
from bulkload.validation.fast import patterns
from bulkload.validation.fast.phones import phones

_ABROAD = "\x1e"
"""Stands before a number that was written with its calling code, while it is mended."""
VALUE = "@value"
"""`email@value`: the value of an accepted cell, where it differs from the cell or may."""


class Twin:
    """Accepts plain cells of one field; this one accepts none, as for `Kind.JSON`."""

    mends = False
    """Whether `mending` changes cells."""
    is_string = False
    """Whether the value is a string in JSON."""

    def __init__(self, field: Field) -> None:
        self.field = field
        self.cell = pl.col(field.name)

    def plain(self) -> pl.Expr:
        """Return the value of a plain cell, String."""
        return self.cell

    def mending(self) -> Sequence[pl.Expr]:
        """Return what mends the mechanical in a cell, step by step; the last one gives its value.

        The first step reads the cell, each other one `<field>@value`, which is what the one before
        it gave. What is plain stays as it is.
        """
        return [self.cell]

    def accepts(self, value: pl.Expr) -> pl.Expr:  # noqa: ARG002  # for those that do
        """Whether the exact path gives exactly this value; null counts as no."""
        return pl.lit(value=False)

    def accepts_mended(self, value: pl.Expr) -> pl.Expr:
        """Whether the exact path gives exactly this value for a cell that was mended."""
        return self.accepts(value)

    def json(self, value: pl.Expr) -> pl.Expr:
        """Return the JSON text of an accepted value, without the quotes of a string."""
        return value

    def key(self, value: pl.Expr) -> pl.Expr:
        """Return an accepted value as customers are compared by it."""
        return value

    def plain_key(self, value: pl.Expr) -> pl.Expr:
        """Return the same for a cell that is accepted as it stands."""
        return self.key(value)

    def _short_enough(self, value: pl.Expr) -> pl.Expr:
        longest = self.field.max_length
        return pl.lit(value=True) if longest is None else value.str.len_chars() <= longest


class _Quoted(Twin):
    """Strings that hold nothing that JSON escapes."""

    is_string = True


class _Text(_Quoted):
    def accepts(self, value: pl.Expr) -> pl.Expr:
        return value.str.contains(patterns.TEXT) & self._short_enough(value)

    def accepts_mended(self, value: pl.Expr) -> pl.Expr:
        seen = ~value.str.contains(patterns.UNSEEN) & (value.str.strip_chars() != "")
        seen &= ~value.str.contains(patterns.MAYBE_ERROR)
        return seen & self._short_enough(value)

    def json(self, value: pl.Expr) -> pl.Expr:
        return value.map_batches(_escaped, return_dtype=pl.String, is_elementwise=True)


def _escaped(text: pl.Series) -> pl.Series:
    # Most columns hold nothing of the kind, and that is told in a fourth of the time.
    if not text.str.contains(r'["\\\n\r\t]').any():
        return text
    return text.str.replace_many(
        ["\\", '"', "\n", "\r", "\t"], ["\\\\", '\\"', "\\n", "\\r", "\\t"]
    )


class _Email(_Quoted):
    mends = True

    def mending(self) -> Sequence[pl.Expr]:
        parts = self.cell.str.strip_chars(" ").str.splitn("@", 2).struct
        domain = parts.field("field_1").str.to_lowercase()
        return [pl.concat_str(parts.field("field_0"), pl.lit("@"), domain)]

    def accepts(self, value: pl.Expr) -> pl.Expr:
        return value.str.contains(patterns.LOWER_EMAIL) & self._short(value)

    def accepts_mended(self, value: pl.Expr) -> pl.Expr:
        local = value.str.splitn("@", 2).struct.field("field_0").str.to_lowercase()
        word = value.str.contains(patterns.WORD_EMAIL) & ~local.is_in(patterns.MAILBOX_NAMES)
        # Lower-casing a letter that is not ASCII can give one that is.
        as_it_stands = self.cell.str.strip_chars(" ") == value
        plain = as_it_stands | self.cell.str.contains(patterns.PRINTABLE_ASCII)
        return plain & (value.str.contains(patterns.EMAIL) | word) & self._short(value)

    def key(self, value: pl.Expr) -> pl.Expr:
        return value.str.to_lowercase()

    def plain_key(self, value: pl.Expr) -> pl.Expr:
        return value

    def _short(self, value: pl.Expr) -> pl.Expr:
        in_bytes = value.str.len_bytes() <= patterns.LONGEST_EMAIL_BYTES
        return in_bytes & self._short_enough(value)


class _Phone(_Quoted):
    mends = True

    def __init__(self, field: Field, *, has_regions: bool) -> None:
        super().__init__(field)
        region = pl.lit(field.region or "")
        if has_regions:
            region = pl.col(f"{field.name}@region").fill_null(region)
        self._region = region
        self._phones = phones()

    def plain(self) -> pl.Expr:
        return self._e164(self.cell, patterns.PHONE_SEPARATORS)

    def mending(self) -> Sequence[pl.Expr]:
        before = pl.col(self.field.name + VALUE)
        spelled = self.cell.str.replace(patterns.LEADING_WORD, "")
        abroad = pl.when(before.str.starts_with("+")).then(pl.lit(_ABROAD)).otherwise(pl.lit(""))
        trunk = rf"^{_ABROAD}(\+(?:{'|'.join(self._phones.trunk_codes)}))0"
        separators = (*patterns.PHONE_SEPARATORS, ".")
        return [
            spelled.str.replace(patterns.EXTENSION, "$1"),
            pl.concat_str(abroad, self._e164(before, separators)),
            before.str.replace(trunk, "$1").str.strip_prefix(_ABROAD),
        ]

    def accepts(self, value: pl.Expr) -> pl.Expr:
        return self._is_valid(value, learning=False)

    def accepts_mended(self, value: pl.Expr) -> pl.Expr:
        as_number = self.cell.str.strip_chars().str.contains(patterns.AS_NUMBER)
        return self._is_valid(value, learning=True) & ~as_number

    def _is_valid(self, value: pl.Expr, *, learning: bool) -> pl.Expr:
        valid = value.map_batches(
            lambda e164: self._phones.valid(e164, learning=learning),
            return_dtype=pl.Boolean,
            is_elementwise=True,
        )
        short = self.cell.str.len_bytes() <= patterns.LONGEST_PHONE_BYTES
        return valid & short & self._short_enough(value)

    def _e164(self, phone: pl.Expr, separators: tuple[str, ...]) -> pl.Expr:
        return pl.map_batches(
            [self._region, phone],
            lambda columns: self._phones.e164(columns[0], columns[1], separators),
            return_dtype=pl.String,
        )


class _Number(Twin):
    pattern = patterns.NUMBER
    dtype: type[pl.DataType] = pl.Float64
    mends = True

    def mending(self) -> Sequence[pl.Expr]:
        return [self.cell.str.strip_chars(" ")]

    def accepts(self, value: pl.Expr) -> pl.Expr:
        return value.str.contains(self.pattern) & self._in_bounds(value)

    def _in_bounds(self, value: pl.Expr) -> pl.Expr:
        least, most = self.field.minimum, self.field.maximum
        if least is None and most is None:
            return pl.lit(value=True)
        number = value.cast(self.dtype, strict=False)
        within = pl.lit(value=True) if least is None else number >= least
        return within if most is None else within & (number <= most)


class _Integer(_Number):
    pattern = patterns.INTEGER
    dtype = pl.Int64

    def accepts(self, value: pl.Expr) -> pl.Expr:
        if self.field.minimum == 0 and self.field.maximum is None:
            # Digits alone say so, without a number being made of them.
            return value.str.contains(patterns.NOT_NEGATIVE)
        return super().accepts(value)

    def mending(self) -> Sequence[pl.Expr]:
        return [self.cell.str.strip_chars(" ").str.replace(patterns.MENDED_INTEGER, "$1$2")]


class _Boolean(Twin):
    def accepts(self, value: pl.Expr) -> pl.Expr:
        words = (*patterns.TRUE_WORDS, *patterns.FALSE_WORDS)
        return value.is_in(patterns.spellings_of(words))

    def json(self, value: pl.Expr) -> pl.Expr:
        yes = patterns.spellings_of(patterns.TRUE_WORDS)
        said = pl.when(value.is_in(yes)).then(pl.lit("true"))
        return said.when(value.is_not_null()).then(pl.lit("false"))

    def key(self, value: pl.Expr) -> pl.Expr:
        return self.json(value)


class _Choice(_Text):
    def accepts_mended(self, value: pl.Expr) -> pl.Expr:
        return self.accepts(value)

    def accepts(self, value: pl.Expr) -> pl.Expr:
        return value.is_in([c for c in self.field.choices if is_seen(c) and c == stripped(c)])


class _Matching(_Quoted):
    pattern = ""

    def accepts(self, value: pl.Expr) -> pl.Expr:
        return value.str.contains(self.pattern) & self._short_enough(value)


class _Date(_Matching):
    pattern = patterns.DATE


class _DateTime(_Matching):
    pattern = patterns.DATETIME


class _HexId(_Matching):
    pattern = patterns.HEX_ID

    def accepts(self, value: pl.Expr) -> pl.Expr:
        return value.str.contains(self.pattern)


class _Url(_Matching):
    pattern = patterns.URL

    def accepts(self, value: pl.Expr) -> pl.Expr:
        return super().accepts(value) & (value.str.len_bytes() <= patterns.LONGEST_URL_BYTES)


class _List(Twin):
    def accepts(self, value: pl.Expr) -> pl.Expr:
        return value.str.contains(patterns.LIST_OF_TEXT)


_TWINS: Mapping[Kind, type[Twin]] = {
    Kind.TEXT: _Text,
    Kind.EMAIL: _Email,
    Kind.INTEGER: _Integer,
    Kind.NUMBER: _Number,
    Kind.DATE: _Date,
    Kind.DATETIME: _DateTime,
    Kind.BOOLEAN: _Boolean,
    Kind.CHOICE: _Choice,
    Kind.HEX_ID: _HexId,
    Kind.URL: _Url,
    Kind.LIST: _List,
    Kind.JSON: Twin,
}


def twin_of(field: Field, columns: Container[str]) -> Twin:
    """Return what Polars can say about `field` in records with these columns."""
    if field.kind is Kind.PHONE:
        return _Phone(field, has_regions=f"{field.name}@region" in columns)
    if field.kind is Kind.CHOICE and not field.choices:
        return _Text(field)
    return _TWINS[field.kind](field)
