"""What a mapping says of whole rows: proof of consents, the row's own action, rows left out."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from bulkload.errors import BulkloadError
from bulkload.mapping import document as language
from bulkload.mapping.loading import MappingDocument
from bulkload.mapping.values import Compiler, trimmed
from bulkload.records import Action, Field, Schema

SKIPPED_BY_ACTION = "the row's own action is skip"


def consents(
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


def row_rules(compiler: Compiler, rules: language.Mapping) -> dict[str, pl.Expr]:
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
