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
from bulkload.mapping import document as language
from bulkload.mapping.columns import Headers, NodePath, references
from bulkload.mapping.loading import MappingDocument
from bulkload.mapping.plain import untouched_cell
from bulkload.mapping.reading import Cell
from bulkload.mapping.values import Compiler, kind_of, trimmed
from bulkload.records import Action, Field, Kind, Schema

Stages = tuple[tuple[pl.Expr, ...], ...]

_NUMBER = {"row_number": pl.col("row_number")}
SKIPPED_BY_ACTION = "the row's own action is skip"


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
        return _computed(rows, self.stages)

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
        return _computed(rows, self.skimming) if self.skimming else None

    def read(self, rows: pl.DataFrame) -> Iterator[tuple[str, Callable[[pl.Series], pl.DataFrame]]]:
        """Yield the fields that `skim` leaves as they stand, with what reads some of their cells.

        Args:
            rows: As for `apply`.

        Yields:
            The name of a field, and a function from positions in `rows` to the field's columns as
            `apply` makes them of these rows.
        """

        def some(stages: Sequence[Sequence[pl.Expr]]) -> Callable[[pl.Series], pl.DataFrame]:
            names = sorted({name for one in stages[0] for name in one.meta.root_names()})
            return lambda places: _computed(rows.select_seq(pl.col(names).gather(places)), stages)

        for name, stages in self.reading.items():
            yield name, some(stages)


def _computed(rows: pl.DataFrame, stages: Sequence[Sequence[pl.Expr]]) -> pl.DataFrame:
    # One stage after the other: a plan of them all would be optimised anew for every batch.
    for stage in stages:
        rows = rows.select_seq(stage)
    return rows


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
            expressions |= _region(compiler, document, rule, name)
        if problem is not None:
            expressions[f"{name}@problem"] = problem
    for extra, expression in _consents(document, schema, expressions):
        fields.append(extra)
        expressions[extra.name] = expression
    expressions |= _row_rules(compiler, rules)
    skimming, reading = _skimming(document, known, fields, schema)
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
        stages=_passing_on(compiler.stages, _NUMBER | expressions),
        skimming=skimming,
        reading=reading,
    )


def _skimming(
    document: MappingDocument, known: Headers, fields: Sequence[Field], schema: Schema
) -> tuple[Stages, dict[str, Stages]]:
    """Return the stages of `BoundMapping.skim` and those of `BoundMapping.read`."""
    rules, compiler = document.rules, Compiler(document, known)
    expressions: dict[str, pl.Expr] = {}
    reading: dict[str, Stages] = {}
    for bound in fields:
        rule = rules.fields.get(bound.name)
        if rule is None or rule.as_ == "keep":
            continue
        untouched = untouched_cell(compiler, rule, bound, ("fields", bound.name))
        if untouched is None:
            expressions |= _columns_of(compiler, rule, bound)
            continue
        alone = Compiler(document, known)
        reading[bound.name] = _passing_on(alone.stages, _columns_of(alone, rule, bound))
        expressions[bound.name] = untouched.text
        if bound.kind is Kind.PHONE:
            expressions |= _region(compiler, document, rule, bound.name, plain=True)
    if not reading:
        return (), {}
    for extra, expression in _consents(document, schema, expressions):
        expressions[extra.name] = expression
    expressions |= _row_rules(compiler, rules)
    return _passing_on(compiler.stages, _NUMBER | expressions), reading


def _columns_of(compiler: Compiler, rule: language.FieldRules, bound: Field) -> dict[str, pl.Expr]:
    """Return the columns of one field, by name; none if all its columns are optional and missing."""
    cell = compiler.value(rule, bound.kind, ("fields", bound.name))
    if cell is None:
        return {}
    made = {bound.name: cell.text.cast(pl.String)}
    if bound.kind is Kind.PHONE:
        made |= _region(compiler, compiler.document, rule, bound.name)
    if cell.problem is not None:
        made[f"{bound.name}@problem"] = cell.problem
    return made


def _passing_on(held: Sequence[Mapping[str, pl.Expr]], records: Mapping[str, pl.Expr]) -> Stages:
    """Let every stage pass on what later ones read, and nothing else: a column is memory."""
    stages = [*held, records]
    passing: list[tuple[pl.Expr, ...]] = []
    read_later: set[str] = set()
    for stage in reversed(stages):
        passed = sorted(read_later - stage.keys())
        passing.append((*map(pl.col, passed), *(made.alias(name) for name, made in stage.items())))
        read_later = set(passed).union(*(made.meta.root_names() for made in stage.values()))
    return tuple(reversed(passing))


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


def _region(
    compiler: Compiler,
    document: MappingDocument,
    rule: language.FieldRules,
    name: str,
    *,
    plain: bool = False,
) -> dict[str, pl.Expr]:
    """Return each row's country; with `plain` it need not be right if it is not spelled as `DE`."""
    region = rule.region
    path: NodePath = ("fields", name, "region")
    if region is None:
        region, path = document.rules.region, ("region",)
    if region is None:
        return {}
    if plain and region.column is not None and not region.map:
        return {f"{name}@region": compiler.column(region.column, (*path, "column"))}
    found = compiler.region(region, path)
    return {} if found is None else {f"{name}@region": found}


def _consents(
    document: MappingDocument, schema: Schema, expressions: Mapping[str, pl.Expr]
) -> list[tuple[Field, pl.Expr]]:
    """Return policy version and method as fields, for the rows that say something about consent."""
    proof = document.rules.consents
    if proof is None:
        return []
    given = [name for name in expressions if name.startswith("consents.") and "@" not in name]
    version = schema.field("consents.policyVersion")
    if version is None or not given:
        raise BulkloadError(
            f"{schema.name} keeps no record of consents"
            if version is None
            else "`consents:` stands here, but no field `consents.NAME` is mapped",
            where=document.where("consents"),
            fix="remove `consents:`" if version is None else "map `consents.marketing_email`",
        )
    said = pl.any_horizontal([expressions[name].is_not_null() for name in given])
    found: list[tuple[Field, pl.Expr]] = [
        (version, pl.when(said).then(pl.lit(proof.policy_version)))
    ]
    method = schema.field("consents.method")
    if method is not None:
        found.append((method, pl.when(said).then(pl.lit(proof.method))))
    elif proof.method != "migration":
        raise BulkloadError(
            f"{schema.name} records every consent of an import as `migration`",
            where=document.where("consents", "method"),
            fix="remove `method:`",
        )
    return found


def _row_rules(compiler: Compiler, rules: language.Mapping) -> dict[str, pl.Expr]:
    """Return `@action` and `@skip`, if the mapping has rules for them."""
    expressions: dict[str, pl.Expr] = {}
    skips: list[pl.Expr] = []
    for index, skip in enumerate(rules.skip_if):
        holds = compiler.condition(skip.when, ("skip_if", index, "when"))
        reason = skip.reason or f"rule {index + 1} of skip_if"
        skips.append(pl.when(holds).then(pl.lit(reason)))
    if rules.action is not None:
        text = trimmed(compiler.column(rules.action.column, ("action", "column")))
        words = {action.value: action.value for action in Action} | {"skip": "skip"}
        words |= {word.strip().lower(): action for word, action in rules.action.map.items()}
        action = text.str.to_lowercase().replace_strict(words, default=None)
        skips.append(pl.when(action == "skip").then(pl.lit(SKIPPED_BY_ACTION)))
        expressions["@action"] = pl.coalesce(
            pl.when(action != "skip").then(action), pl.when(action.is_null()).then(text)
        )
    if skips:
        expressions["@skip"] = pl.coalesce(skips)
    return expressions


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
