"""A mapping tied to the columns of one source and the fields of one system, ready to apply.

    MappingDocument + headers + Schema -> bind() -> BoundMapping.apply(rows) -> records

Everything that can be wrong about a mapping is found here, before the first row is read.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from bulkload.errors import BulkloadError, did_you_mean
from bulkload.frames import where
from bulkload.mapping import document as language
from bulkload.mapping.columns import Headers, references
from bulkload.mapping.loading import MappingDocument
from bulkload.mapping.plain import region_of, skimming_of
from bulkload.mapping.reading import Cell
from bulkload.mapping.row_rules import consents, row_rules
from bulkload.mapping.stages import NUMBER, computed, passing_on
from bulkload.mapping.values import Compiler, kind_of
from bulkload.records import Action, Field, Kind, Schema


@dataclass(frozen=True, slots=True)
class BoundMapping:
    """What the rules say for one source; `apply` turns its rows into records."""

    name: str
    sha256: str
    action: Action
    fields: tuple[Field, ...]
    one_of: tuple[str, ...]
    keys: tuple[str, ...]
    program: str | None = None
    ignored: tuple[str, ...] = ()
    """Columns that are left out on purpose."""
    offered: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What may stand in the cells of a column, by header, where the mapping knows it."""
    stages: Sequence[Sequence[pl.Expr]] = field(default=(), repr=False)
    """What is computed from the rows, one stage after the other; the last one gives the records."""
    skimming: Sequence[Sequence[pl.Expr]] = field(default=(), repr=False)
    """The same for `skim`; empty if it would save nothing."""
    reading: Mapping[str, Sequence[Sequence[pl.Expr]]] = field(default_factory=dict, repr=False)
    """The same for `read`: what is computed for each field that `skim` leaves as it stands."""

    def apply(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return one record per row, in the order of the rows.

        Args:
            rows: `row_number` and every header as String, null for an empty cell.

        Returns:
            `row_number`, then one String column per field, null where the row has nothing to say;
            then `@action`, `@skip`, `<field>@region` and `<field>@problem` where the mapping needs
            them. A cell that cannot be read keeps its own text.
        """
        return computed(rows, self.stages)

    def skim(self, rows: pl.DataFrame) -> pl.DataFrame | None:
        """Return records that are right for plain rows only, with much less work.

        A field that is read from one column, by rules that have nothing to say about a plain cell,
        is that cell as it stands. Whoever accepts a cell without a further look, because it is an
        address, a date, a word for yes as everybody writes it, has what `apply` makes of it; all
        other cells of these fields have to be asked of `read`.

        Args:
            rows: As for `apply`.

        Returns:
            As `apply`; None if no field is read like that.
        """
        return computed(rows, self.skimming) if self.skimming else None

    def read(self, rows: pl.DataFrame) -> Iterator[tuple[str, Callable[[pl.Series], pl.DataFrame]]]:
        """Yield the fields that `skim` leaves as they stand, with what reads some of their cells.

        Args:
            rows: As for `apply`.

        Yields:
            The name of a field, and a function from a mask of `rows` to the field's columns as
            `apply` makes them of these rows.
        """

        def some(stages: Sequence[Sequence[pl.Expr]]) -> Callable[[pl.Series], pl.DataFrame]:
            names = sorted({name for one in stages[0] for name in one.meta.root_names()})
            return lambda mask: computed(where(rows.select_seq(names), mask), stages)

        for name, stages in self.reading.items():
            yield name, some(stages)


def bind(
    document: MappingDocument, headers: Sequence[str], schema: Schema, *, source: str
) -> BoundMapping:
    """Tie a mapping to a source and a system. See `MappingDocument.bind`."""
    rules = document.rules
    known = Headers(tuple(headers), source)
    compiler = Compiler(document, known)
    fields: list[Field] = []
    offered: dict[str, tuple[str, ...]] = {}
    expressions: dict[str, pl.Expr] = {}
    for name, rule in rules.fields.items():
        if rule is None:
            continue
        declared = _declared(document, name, rule, schema)
        before = frozenset(known.used)
        known.used.clear()
        cell = compiler.value(rule, declared.kind, ("fields", name))
        columns = tuple(header for header in headers if header in known.used)
        known.used.update(before)
        if cell is None:
            continue
        if rule.as_ == "keep":
            cell = Cell(pl.lit(None, pl.String))
        bound = dataclasses.replace(declared, columns=_columns(rule, known, columns))
        fields.append(bound)
        words = tuple(rule.map or bound.choices)
        if len(bound.columns) == 1 and words:
            offered[bound.columns[0]] = words
        expressions[name] = cell.text.cast(pl.String)
        problem = cell.problem
        if declared.kind is Kind.PHONE:
            expressions |= region_of(compiler, rule, name)
        if problem is not None:
            expressions[f"{name}@problem"] = problem
    for extra, expression in consents(document, schema, expressions):
        fields.append(extra)
        expressions[extra.name] = expression
    expressions |= row_rules(compiler, rules)
    skimming, reading = skimming_of(document, known, fields, schema)
    ignored = _ignored(document, known)
    _check_all_columns_used(document, known, ignored)
    names = tuple(bound.name for bound in fields)
    return BoundMapping(
        name=document.name,
        sha256=document.sha256,
        action=rules.mode,
        fields=tuple(fields),
        one_of=_one_of(document, schema, names),
        keys=_keys(document, schema, names),
        program=rules.program,
        ignored=ignored,
        offered=offered,
        stages=passing_on(compiler.stages, NUMBER | expressions),
        skimming=skimming,
        reading=reading,
    )


def _columns(
    rule: language.FieldRules,
    known: Headers,
    used: tuple[str, ...],
) -> tuple[str, ...]:
    """Return the columns that a field's value is read from, those of its conditions left out."""
    sources = [getattr(rule, key) for key in language.SOURCES]
    if rule.template is not None:
        return used
    own: set[str] = set()
    for source in sources:
        for _path, column, _optional in references(source):
            own.update(known.matches(column))
    return tuple(header for header in used if header in own)


def _declared(
    document: MappingDocument, name: str, rule: language.FieldRules, schema: Schema
) -> Field:
    """Return the system's field with what the mapping adds to it."""
    path = ("fields", name)
    declared = schema.field(name) if all(name.split(".")) else None
    if declared is None:
        names = [known.name for known in schema.fields]
        open_names = ", ".join(f"`{prefix}NAME`" for prefix in schema.open_prefixes)
        raise BulkloadError(
            f"`{name}` is not a field of {schema.name}",
            where=document.where(*path),
            fix=did_you_mean(name, names)
            + "the fields are: "
            + ", ".join(f"`{known}`" for known in names)
            + (f" and {open_names}" if open_names else ""),
        )
    kind = declared.kind
    given = rule.type
    is_open = all(known.name != name for known in schema.fields)
    if is_open:
        kind = kind_of(rule)
        if rule.choices and rule.type is None:
            kind = Kind.CHOICE
    elif given is not None and given is not kind:
        raise BulkloadError(
            f"`{name}` is {kind.value} in {schema.name}, it cannot be {given.value}",
            where=document.where(*path, "type"),
            fix="remove `type:`",
        )
    _check_rules_fit_kind(document, name, rule, kind)
    region = rule.region or document.rules.region
    blank = rule.blank if "blank" in rule.model_fields_set else document.rules.blank
    can_clear = rule.when is None and rule.default is None and rule.constant is None
    return dataclasses.replace(
        declared,
        name=name,
        kind=kind,
        required=declared.required or rule.required or (blank == "reject" and rule.when is None),
        severity=rule.severity,
        region=(region.default if region else None) or declared.region,
        choices=rule.choices or declared.choices,
        max_length=_tighter(rule.max_length, declared.max_length, least=True),
        minimum=_tighter(rule.minimum, declared.minimum, least=False),
        maximum=_tighter(rule.maximum, declared.maximum, least=True),
        clear_when_blank=blank == "clear" and can_clear and rule.as_ is None,
        how=rule.as_ or declared.how,
    )


def _tighter(own: int | None, declared: int | None, *, least: bool) -> int | None:
    if own is None or declared is None:
        return declared if own is None else own
    return min(own, declared) if least else max(own, declared)


def _check_rules_fit_kind(
    document: MappingDocument, name: str, rule: language.FieldRules, kind: Kind
) -> None:
    """Refuse rules that could never have an effect on this kind of field."""
    numeric = {Kind.INTEGER, Kind.NUMBER}
    fitting: dict[str, set[Kind]] = {
        "region": {Kind.PHONE},
        "numbers": {*numeric, Kind.LIST},
        "dates": {Kind.DATE},
        "words": {Kind.BOOLEAN, Kind.LIST},
        "minimum": numeric,
        "maximum": numeric,
        "as": numeric,
        "items": {Kind.LIST},
    }
    if rule.concat is None:
        fitting["separator"] = {Kind.LIST}
    for key, kinds in fitting.items():
        attribute = f"{key}_" if key == "as" else key
        if attribute in rule.model_fields_set and kind not in kinds and rule.coalesce is None:
            wanted = " or ".join(sorted(f"`{fit.value}`" for fit in kinds))
            raise BulkloadError(
                f"`{key}:` has no meaning for `{name}`, which is {kind.value}",
                where=document.where("fields", name, key),
                fix=f"remove it, or give a custom field the type {wanted} with `type:`",
            )


def _ignored(document: MappingDocument, known: Headers) -> tuple[str, ...]:
    ignored: dict[str, None] = {}
    for index, column in enumerate(document.rules.ignore):
        for header in known.matches(column):
            if header not in known.used:
                ignored[header] = None
            elif column.pattern is None:
                raise BulkloadError(
                    f"the column `{header}` is used and ignored at once",
                    where=document.where("ignore", index),
                    fix="remove it from `ignore:` or from the field that uses it",
                )
    return tuple(ignored)


def _check_all_columns_used(
    document: MappingDocument, known: Headers, ignored: tuple[str, ...]
) -> None:
    left = [name for name in known.names if name not in known.used and name not in ignored]
    if not left:
        return
    listed = ", ".join(f"`{name}`" for name in left)
    place = "ignore" if document.rules.ignore else "fields"
    line = ", ".join(_quoted(name) for name in left)
    raise BulkloadError(
        f"nothing says what to do with the column{'s' if len(left) > 1 else ''} {listed} of "
        f"`{known.source}`",
        where=document.where(place),
        fix=f"map {'them' if len(left) > 1 else 'it'} under `fields:`, or write `ignore: [{line}]`",
    )


def _quoted(name: str) -> str:
    plain = name.replace(" ", "").replace("_", "").isalnum() and not name[:1].isdigit()
    return name if plain else "'" + name.replace("'", "''") + "'"


def _one_of(document: MappingDocument, schema: Schema, names: Sequence[str]) -> tuple[str, ...]:
    own = document.rules.one_of
    for index, name in enumerate(own or ()):
        if name not in names:
            raise BulkloadError(
                f"`{name}` stands under `one_of:` but is not mapped",
                where=document.where("one_of", index),
                fix=did_you_mean(name, names) + "map it under `fields:` or remove it",
            )
    if own is not None:
        return own
    wanted = tuple(name for name in schema.one_of if name in names)
    if schema.one_of and not wanted:
        listed = " or ".join(f"`{name}`" for name in schema.one_of)
        raise BulkloadError(
            f"{schema.name} needs {listed}, and neither is mapped"
            if len(schema.one_of) > 1
            else f"{schema.name} needs {listed}, which is not mapped",
            where=document.where("fields"),
            fix="map one of them, or write `one_of: []` to do without",
        )
    return wanted


def _keys(document: MappingDocument, schema: Schema, names: Sequence[str]) -> tuple[str, ...]:
    own = document.rules.keys
    for index, name in enumerate(own or ()):
        if name not in schema.keys or name not in names:
            mapped = [key for key in schema.keys if key in names]
            raise BulkloadError(
                f"`{name}` cannot be a key: "
                + ("it is not mapped" if name in schema.keys else f"{schema.name} has no such key"),
                where=document.where("keys", index),
                fix=did_you_mean(name, mapped)
                + "keys can be: "
                + (", ".join(f"`{key}`" for key in mapped) or "none of the mapped fields"),
            )
    return own if own is not None else tuple(key for key in schema.keys if key in names)
