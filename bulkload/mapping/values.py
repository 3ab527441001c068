"""Rules of a mapping become Polars expressions over the columns of one source."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import polars as pl

from bulkload.errors import BulkloadError
from bulkload.mapping import document as language
from bulkload.mapping import reading
from bulkload.mapping.columns import Headers, NodePath
from bulkload.mapping.loading import MappingDocument
from bulkload.mapping.patterns import columns_of
from bulkload.mapping.reading import Cell
from bulkload.records import Kind

BLANKS = " \t\r\n\v\f\x85\xa0\u2007\u202f\u3000\ufeff\u200b"
"""White space at the ends of a cell, with the invisible kinds that spreadsheets leave there."""
_PARTICLES = (
    "von|van|der|den|de|da|do|dos|das|di|du|del|della|de la|le|la|ten|ter|zu|zur|zum|bin|al|el"
)
_FULL_NAME = rf"^(.+?)\s+((?i:(?:(?:{_PARTICLES})\s+)*)\S+)$"


@dataclass(frozen=True, slots=True)
class Compiler:
    """Makes expressions from rules; `path` in its methods leads to the rule, for errors."""

    document: MappingDocument
    headers: Headers
    stages: list[dict[str, pl.Expr]] = field(default_factory=list)
    """Columns to be computed one after the other before the last expressions, by name.

    An expression that is used several times would be copied into each use, and the tree would grow
    with every further rule; a column is computed once.
    """

    def hold(self, expression: pl.Expr) -> pl.Expr:
        """Return a column that stands for an expression."""
        if expression.meta.is_column() and any(
            expression.meta.output_name() in held for held in self.stages
        ):
            return expression
        stage = 0
        for name in expression.meta.root_names():
            for number, held in enumerate(self.stages, start=1):
                stage = max(stage, number if name in held else 0)
        if stage == len(self.stages):
            self.stages.append({})
        name = f"\0{sum(map(len, self.stages))}"
        while name in self.headers.names:
            name = f"\0{name}"
        self.stages[stage][name] = expression
        return pl.col(name)

    def bare(self, text: pl.Expr) -> pl.Expr:
        """Return a column of text without white space at its ends; null if nothing is left."""
        return self.hold(_null_if_empty(self.hold(text.str.strip_chars(BLANKS))))

    def held(self, cell: Cell) -> Cell:
        """Return a cell whose expressions are columns."""
        problem = None if cell.problem is None else self.hold(cell.problem)
        return Cell(self.hold(cell.text), problem)

    def column(self, column: language.Column, path: NodePath) -> pl.Expr:
        """Return a column's cells as they are."""
        return pl.col(self.headers.find(column, where=self.document.where(*path)))

    def value(self, rules: language.Value, kind: Kind, path: NodePath) -> Cell | None:
        """Return a value of one kind; None if all its columns are optional and missing.

        Raises:
            BulkloadError: A column is missing or named twice.
        """
        if self.lacks(rules):
            return None
        cell = self._source(rules, kind, path)
        if cell is None:
            return None
        if rules.constant is None:
            cell = self.held(self._cleaned(cell, rules))
        if rules.map is not None:
            cell = self.held(self._mapped(cell, rules, rules.map))
        if rules.constant is None:
            cell = self._read(cell, rules, kind)
        text = cell.text
        if rules.default is not None:
            text = pl.coalesce(text, pl.lit(spelled(rules.default)))
        problem = cell.problem
        if rules.when is not None:
            holds = self.hold(self.condition(rules.when, (*path, "when")))
            text = pl.when(holds).then(text)
            problem = None if problem is None else pl.when(holds).then(problem)
        return Cell(text, problem)

    def lacks(self, rules: language.Value) -> bool:
        """Whether the source has not the column of a value that is optional."""
        if not rules.optional:
            return False
        own = rules.column or (rules.split.column if rules.split else None)
        return own is not None and not self.headers.matches(own)

    def _source(self, rules: language.Value, kind: Kind, path: NodePath) -> Cell | None:
        if rules.column is not None:
            return Cell(self.column(rules.column, (*path, "column")))
        if rules.constant is not None:
            return Cell(pl.lit(spelled(rules.constant)))
        if rules.split is not None:
            return Cell(self._split(rules.split, (*path, "split")))
        if rules.template is not None:
            return Cell(self._template(rules, (*path, "template")))
        return self._of_parts(rules, kind, path)

    def _of_parts(self, rules: language.Value, kind: Kind, path: NodePath) -> Cell | None:
        """Return a value that is made of several values, which read their cells as it says."""
        if rules.object is not None:
            by_name = {name: _inheriting(part, rules) for name, part in rules.object.items()}
            return self._object(by_name, (*path, "object"))
        inner = rules.list or rules.coalesce or rules.concat or ()
        values = [_inheriting(part, rules) for part in inner]
        if rules.list is not None:
            return self._list(values, (*path, "list"))
        if rules.coalesce is not None:
            parts = self._parts(values, (*path, "coalesce"), kind)
            return _first_of(parts) if parts else None
        parts = self._parts(values, (*path, "concat"), Kind.TEXT)
        if not parts:
            return None
        separator = " " if rules.separator is None else rules.separator
        joined = pl.concat_str([p.text for p in parts], separator=separator, ignore_nulls=True)
        return Cell(_null_if_empty(joined), _any_problem(parts))

    def _parts(self, values: Sequence[language.Value], path: NodePath, kind: Kind) -> list[Cell]:
        found = [
            self.value(value, value.type or kind, (*path, index))
            for index, value in enumerate(values)
        ]
        return [cell for cell in found if cell is not None]

    def _split(self, split: language.Split, path: NodePath) -> pl.Expr:
        text = self.bare(self.column(split.column, (*path, "column")))
        if isinstance(split.part, int):
            pieces = text.str.split(split.by)
            if split.by == " ":
                pieces = text.str.replace_all(r"\s+", " ").str.split(" ")
            index = split.part - 1 if split.part > 0 else split.part
            return trimmed(pieces.list.get(index, null_on_oob=True))
        turned = text.str.contains(",", literal=True)
        family, given = text.str.extract(r"^([^,]*),", 1), text.str.extract(r"^[^,]*,(.*)$", 1)
        if split.part == "last_name":
            return trimmed(pl.when(turned).then(family).otherwise(text.str.extract(_FULL_NAME, 2)))
        alone = pl.coalesce(text.str.extract(_FULL_NAME, 1), text)
        return trimmed(pl.when(turned).then(given).otherwise(alone))

    def _template(self, rules: language.Value, path: NodePath) -> pl.Expr:
        where = self.document.where(*path)
        pieces, cells = [], []
        for piece, is_column in columns_of(str(rules.template), where=where):
            if is_column:
                found = self.headers.find(language.Column(header=piece), where=where)
                cell = self._emptied(pl.col(found), rules)
                cells.append(cell)
                pieces.append(cell.fill_null(""))
            else:
                pieces.append(pl.lit(piece))
        filled = pl.any_horizontal([cell.is_not_null() for cell in cells])
        return pl.when(filled).then(pl.concat_str(pieces))

    def _list(self, values: Sequence[language.Value], path: NodePath) -> Cell | None:
        parts = [
            (cell, json_of(cell.text, kind_of(value)))
            for index, value in enumerate(values)
            if (cell := self.value(value, kind_of(value), (*path, index))) is not None
        ]
        if not parts:
            return None
        inner = pl.concat_str([text for _, text in parts], separator=",", ignore_nulls=True)
        filled = pl.any_horizontal([cell.text.is_not_null() for cell, _ in parts])
        text = pl.when(filled).then(pl.format("[{}]", inner))
        return Cell(text, _any_problem([cell for cell, _ in parts]))

    def _object(self, values: dict[str, language.Value], path: NodePath) -> Cell | None:
        pieces, cells, from_row, needed = [], [], [], []
        for name, value in values.items():
            cell = self.value(value, kind_of(value), (*path, name))
            if cell is None:
                continue
            key = pl.lit(json_text(name) + ":")
            pieces.append(pl.concat_str(key, json_of(cell.text, kind_of(value))))
            cells.append(cell)
            if value.constant is None:
                from_row.append(cell.text.is_not_null())
            if value.required:
                needed.append(cell.text.is_not_null())
        if not pieces:
            return None
        inner = pl.concat_str(pieces, separator=",", ignore_nulls=True)
        filled = pl.any_horizontal(from_row) if from_row else pl.lit(value=True)
        if needed:
            filled = filled & pl.all_horizontal(needed)
        # `pl.format` would take the braces for its own
        text = pl.when(filled).then(pl.concat_str(pl.lit("{"), inner, pl.lit("}")))
        return Cell(text, _any_problem(cells))

    def nulls(self, rules: language.Value) -> Sequence[str]:
        """Return the words for `nothing here`."""
        return self.document.rules.nulls if rules.nulls is None else rules.nulls

    def _emptied(self, text: pl.Expr, rules: language.Value) -> pl.Expr:
        """Trim, and let the words for `nothing here` be nothing."""
        tokens = self.nulls(rules)
        bare = self.bare(text)
        text = bare if rules.trim else pl.when(bare.is_not_null()).then(text)
        if tokens:
            known = [token.strip().lower() for token in tokens]
            text = pl.when(~bare.str.to_lowercase().is_in(known)).then(text)
        return text

    def _cleaned(self, cell: Cell, rules: language.Value) -> Cell:
        text = cell.text
        if rules.list is None and rules.object is None:
            text = self._emptied(text, rules)
        for change in rules.replace:
            text = text.str.replace_all(change.pattern, change.with_)
        if rules.replace:
            text = trimmed(text) if rules.trim else _null_if_empty(text)
        if rules.case == "lower":
            text = text.str.to_lowercase()
        elif rules.case == "upper":
            text = text.str.to_uppercase()
        elif rules.case == "title":
            text = self.hold(text)
            lower = self.hold(text.str.to_lowercase())
            one_case = (text == lower) | (text == text.str.to_uppercase())
            text = pl.when(one_case).then(lower.str.to_titlecase()).otherwise(text)
        return Cell(text, cell.problem)

    def _mapped(self, cell: Cell, rules: language.Value, entries: dict[str, str]) -> Cell:
        exact = {key.strip(): value for key, value in entries.items()}
        lower = {key.lower(): value for key, value in exact.items()}
        text = cell.text
        if len(lower) == len(exact):
            found = text.str.to_lowercase().replace_strict(lower, default=None)
        else:
            found = text.replace_strict(exact, default=None)
        known = found.is_not_null()
        match rules.otherwise.do:
            case "keep":
                return Cell(pl.coalesce(found, text), cell.problem)
            case "blank":
                return Cell(_null_if_empty(found), cell.problem)
            case "value":
                other = pl.when(text.is_not_null()).then(pl.lit(rules.otherwise.value))
                return Cell(_null_if_empty(pl.coalesce(found, other)), cell.problem)
        problem = pl.when(~known & text.is_not_null()).then(pl.lit("value-not-in-map"))
        # An empty value in the map means blank; what is not in the map keeps its own text.
        read = pl.when(known).then(_null_if_empty(found)).otherwise(text)
        return Cell(read, cell.also(problem))

    def _read(self, cell: Cell, rules: language.Value, kind: Kind) -> Cell:
        document = self.document.rules
        if rules.coalesce is not None:
            return cell
        if kind in {Kind.INTEGER, Kind.NUMBER}:
            numbers = numbers_of(rules, document)
            return self._beside(reading.PLAIN_NUMBER, cell, lambda c: reading.number(c, numbers))
        if kind is Kind.DATE:
            dates = dates_of(rules, document)
            return self._beside(reading.PLAIN_DATE, cell, lambda c: reading.date(c, dates))
        if kind is Kind.BOOLEAN:
            return self.held(reading.boolean(cell, rules.words, self.hold))
        if kind is Kind.LIST and rules.list is None:
            return self._pieces(cell, rules)
        return cell

    def _beside(self, plain: str, cell: Cell, read: Callable[[Cell], Cell]) -> Cell:
        return self.held(reading.beside(plain, cell, read, self.hold))

    def _pieces(self, cell: Cell, rules: language.Value) -> Cell:
        """Cut a cell at the separator and spell the pieces as a JSON list."""
        if rules.separator is None:
            return cell
        piece = trimmed(pl.element())
        kind = Kind(rules.items)
        inner = Cell(piece)
        if kind in {Kind.INTEGER, Kind.NUMBER}:
            inner = reading.number(inner, numbers_of(rules, self.document.rules))
        elif kind is Kind.BOOLEAN:
            inner = reading.boolean(inner, rules.words)
        pieces = cell.text.str.split(rules.separator).list.eval(json_of(inner.text, kind))
        joined = pieces.list.drop_nulls().list.join(",")
        return Cell(
            pl.when(joined.str.len_bytes() > 0).then(pl.format("[{}]", joined)), cell.problem
        )

    def region(self, rules: language.PhoneRegion, path: NodePath) -> pl.Expr | None:
        """Return each row's ISO country; a country that is not known keeps its text for the judge."""
        if rules.column is None:
            return None
        cell = self.bare(self.column(rules.column, (*path, "column")))
        return pl.coalesce(reading.country(cell, rules.map, self.hold), cell)

    def condition(self, rules: language.Condition, path: NodePath) -> pl.Expr:
        """Return whether a condition holds, never null."""
        if rules.all is not None:
            return pl.all_horizontal(self._conditions(rules.all, (*path, "all")))
        if rules.any is not None:
            return pl.any_horizontal(self._conditions(rules.any, (*path, "any")))
        if rules.not_ is not None:
            return ~self.condition(rules.not_, (*path, "not"))
        return pl.all_horizontal([t.fill_null(value=False) for t in self._tests(rules, path)])

    def _tests(self, rules: language.Condition, path: NodePath) -> Iterator[pl.Expr]:
        """Yield what a condition asks of its column."""
        column = rules.column or language.Column()
        text = self.bare(self.column(column, (*path, "column")))
        lower = text.str.to_lowercase()
        if rules.is_ is not None:
            yield lower.is_in([word.strip().lower() for word in rules.is_])
        if rules.is_not is not None:
            words = [word.strip().lower() for word in rules.is_not]
            yield ~lower.is_in(words).fill_null(value=False)
        if rules.blank is not None:
            yield text.is_null() if rules.blank else text.is_not_null()
        if rules.matches is not None:
            yield text.str.contains(rules.matches)
        style = numbers_of(None, self.document.rules)
        number = reading.number(Cell(text), style).text.cast(pl.Float64, strict=False)
        if rules.at_least is not None:
            yield number >= rules.at_least
        if rules.at_most is not None:
            yield number <= rules.at_most

    def _conditions(self, parts: Sequence[language.Condition], path: NodePath) -> list[pl.Expr]:
        if not parts:
            raise BulkloadError(
                "`all` and `any` need at least one condition",
                where=self.document.where(*path),
                fix="add one or remove the key",
            )
        return [self.condition(part, (*path, index)) for index, part in enumerate(parts)]


def trimmed(text: pl.Expr) -> pl.Expr:
    """Return text without white space at its ends; null if nothing is left."""
    return _null_if_empty(text.str.strip_chars(BLANKS))


def _inheriting(part: language.Value, whole: language.Value) -> language.Value:
    """Let a part read its cells as the whole field says, unless it says so itself."""
    inherited = {
        name: getattr(whole, name)
        for name in ("nulls", "numbers", "dates", "words")
        if getattr(part, name) is None and getattr(whole, name) is not None
    }
    return part.model_copy(update=inherited) if inherited else part


def _null_if_empty(text: pl.Expr) -> pl.Expr:
    return pl.when(text.str.len_bytes() > 0).then(text)


def _first_of(parts: Sequence[Cell]) -> Cell:
    """Return the first part that is not blank, with the problem of that part."""
    text = pl.coalesce([part.text for part in parts])
    if all(part.problem is None for part in parts):
        return Cell(text)
    problem = pl.lit(None, pl.String)
    for part in reversed(parts):
        own = pl.lit(None, pl.String) if part.problem is None else part.problem
        problem = pl.when(part.text.is_not_null()).then(own).otherwise(problem)
    return Cell(text, problem)


def _any_problem(parts: Sequence[Cell]) -> pl.Expr | None:
    problems = [part.problem for part in parts if part.problem is not None]
    return pl.coalesce(problems) if problems else None


def kind_of(value: language.Value) -> Kind:
    """Return the kind of a value whose field says nothing: as declared, or as a constant's own."""
    if value.type is not None:
        return value.type
    if value.list is not None:
        return Kind.LIST
    if value.object is not None:
        return Kind.JSON
    if isinstance(value.constant, bool):
        return Kind.BOOLEAN
    if isinstance(value.constant, int):
        return Kind.INTEGER
    return Kind.NUMBER if isinstance(value.constant, float) else Kind.TEXT


def spelled(value: language.Scalar) -> str:
    """Return a constant as the text that a cell would hold."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def json_text(text: str) -> str:
    """Return text as a JSON string."""
    import json

    return json.dumps(text, ensure_ascii=False)


_JSON_NUMBER = r"^-?(?:0|[1-9]\d*)(?:\.\d+)?$"


def json_of(text: pl.Expr, kind: Kind) -> pl.Expr:
    """Return the JSON of a value's text; what does not read as its kind becomes a string."""
    quoted = pl.struct(text.alias("v")).struct.json_encode()
    quoted = pl.when(text.is_not_null()).then(quoted.str.slice(5).str.replace(r"\}$", ""))
    if kind in {Kind.LIST, Kind.JSON}:
        return text
    if kind in {Kind.INTEGER, Kind.NUMBER}:
        return pl.when(text.str.contains(_JSON_NUMBER)).then(text).otherwise(quoted)
    if kind is Kind.BOOLEAN:
        return pl.when(text.is_in(["true", "false"])).then(text).otherwise(quoted)
    return quoted


def numbers_of(rules: language.Value | None, document: language.Mapping) -> language.Numbers | None:
    """Return how numbers are written: the field's rule, the file's, its locale's, or None."""
    if rules is not None and rules.numbers is not None:
        return rules.numbers
    if document.numbers is not None or document.locale is None:
        return document.numbers
    decimal, thousands = language.NUMBERS_BY_LOCALE[document.locale]
    return language.Numbers.model_validate({"decimal": decimal, "thousands": thousands})


def dates_of(rules: language.Value, document: language.Mapping) -> language.Dates | None:
    """Return how dates are written: the field's rule, the file's, its locale's, or None."""
    if rules.dates is not None:
        return rules.dates
    if document.dates is not None or document.locale is None:
        return document.dates
    return language.Dates(order=language.DATES_BY_LOCALE[document.locale])
