# ruff: noqa: N815, T201  # a command prints; fields are named as in the payload
"""Other ways to check the benchmark's file, each in a process of its own.

    python -m tests.benchmarks.peers naive customers.csv

Prints rows and bad rows as JSON; says `not installed` if its library is not there.
"""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path
from typing import Annotated, Any, Literal

EMAIL = r"^[^@\s]+@[^@\s]+\.[A-Za-z]{2,}$"
HEX_ID = r"^[0-9a-fA-F]{24}$"
DATE = r"^\d{4}-\d{2}-\d{2}$"
TIERS = ["bronze", "silver", "gold", "platinum"]
WORDS = "^(?i:yes|no|true|false|1|0|y|n|on|off)$"


def read(path: Path) -> tuple[int, int]:
    """Read every cell as text, check nothing."""
    import polars as pl

    return pl.read_csv(path, infer_schema=False).height, 0


def naive(path: Path) -> tuple[int, int]:
    """csv.DictReader, one Pydantic model a row, EmailStr and phonenumbers; no duplicates, no files."""
    import phonenumbers
    from pydantic import AfterValidator, BaseModel, EmailStr, Field, ValidationError

    def e164(cell: tuple[str, str]) -> str | None:
        if not cell[0]:
            return None
        number = phonenumbers.parse(*cell)
        if not phonenumbers.is_valid_number(number):
            raise ValueError("not valid")
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)

    class CustomFields(BaseModel):
        externalId: str
        birthdate: Annotated[str | None, Field(pattern=DATE)]
        tier: Literal["bronze", "silver", "gold", "platinum"]

    class Consent(BaseModel):
        marketing_email: bool
        marketing_sms: bool

    class Customer(BaseModel):
        firstName: str
        lastName: str
        email: EmailStr
        phone: Annotated[Any, AfterValidator(e164)]
        points: Annotated[int, Field(ge=0)] | None
        referrerId: Annotated[str, Field(pattern=HEX_ID)] | None
        customFields: CustomFields
        initialConsentGranted: Consent

    rows = bad = 0
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            rows += 1
            try:
                customer = Customer.model_validate(_nested(row))
                customer.model_dump_json(exclude_unset=True)
            except (ValidationError, phonenumbers.NumberParseException):
                bad += 1
    return rows, bad


def _nested(row: dict[str, str]) -> dict[str, Any]:
    return {
        "firstName": row["first_name"],
        "lastName": row["last_name"],
        "email": row["email"],
        "phone": (row["phone"], row["country"]),
        "points": row["points"] or None,
        "referrerId": row["referrer_id"] or None,
        "customFields": {
            "externalId": row["external_id"],
            "birthdate": row["birthdate"] or None,
            "tier": row["tier"],
        },
        "initialConsentGranted": {
            "marketing_email": row["marketing_consent"],
            "marketing_sms": row["sms_consent"],
        },
    }


def frictionless(path: Path) -> tuple[int, int]:
    """Table Schema: formats and patterns; no phones, no normalised values, no duplicates."""
    from frictionless import Checklist, Resource, Schema  # type: ignore[import-not-found]

    fields: list[dict[str, Any]] = [
        {"name": "external_id", "type": "string", "constraints": {"required": True}},
        {"name": "first_name", "type": "string"},
        {"name": "last_name", "type": "string"},
        {"name": "email", "type": "string", "format": "email"},
        {"name": "phone", "type": "string"},
        {"name": "country", "type": "string"},
        {"name": "points", "type": "integer", "constraints": {"minimum": 0}},
        {"name": "birthdate", "type": "date"},
        {"name": "tier", "type": "string", "constraints": {"enum": TIERS}},
        {"name": "referrer_id", "type": "string", "constraints": {"pattern": HEX_ID[1:-1]}},
        {"name": "marketing_consent", "type": "string", "constraints": {"pattern": WORDS[1:-1]}},
        {"name": "sms_consent", "type": "string", "constraints": {"pattern": WORDS[1:-1]}},
    ]
    schema = Schema.from_descriptor({"fields": fields})
    resource = Resource(path=path.name, basepath=str(path.parent), schema=schema)
    report = resource.validate(Checklist(), limit_errors=10_000_000)
    task = report.tasks[0]
    return int(task.stats.get("rows") or 0), len({error.row_number for error in task.errors})


def pandera(path: Path) -> tuple[int, int]:
    """Checks on a Polars frame: patterns; no phones, no normalised values, no message a cell."""
    import pandera.polars as pa  # type: ignore[import-not-found]
    import polars as pl

    def text(*checks: Any, nullable: bool = True) -> Any:
        return pa.Column(pl.String, list(checks), nullable=nullable)

    schema = pa.DataFrameSchema(
        {
            "external_id": text(nullable=False),
            "email": text(pa.Check.str_matches(EMAIL)),
            "points": text(pa.Check.str_matches(r"^\d+$")),
            "birthdate": text(pa.Check.str_matches(DATE)),
            "tier": text(pa.Check.isin(TIERS)),
            "referrer_id": text(pa.Check.str_matches(HEX_ID)),
            "marketing_consent": text(pa.Check.str_matches(WORDS)),
            "sms_consent": text(pa.Check.str_matches(WORDS)),
        }
    )
    frame = pl.read_csv(path, infer_schema=False)
    try:
        schema.validate(frame, lazy=True)
    except pa.errors.SchemaErrors as errors:
        return frame.height, errors.failure_cases["index"].n_unique()
    return frame.height, 0


def dataframely(path: Path) -> tuple[int, int]:
    """Rules on a Polars frame: patterns; no phones, no normalised values, no message a cell."""
    import dataframely as dy  # type: ignore[import-not-found]
    import polars as pl

    class Customers(dy.Schema):  # type: ignore[misc]
        external_id = dy.String(nullable=False)
        email = dy.String(regex=EMAIL, nullable=True)
        points = dy.String(regex=r"^\d+$", nullable=True)
        birthdate = dy.String(regex=DATE, nullable=True)
        tier = dy.String(regex=f"^(?:{'|'.join(TIERS)})$", nullable=True)
        referrer_id = dy.String(regex=HEX_ID, nullable=True)
        marketing_consent = dy.String(regex=WORDS, nullable=True)
        sms_consent = dy.String(regex=WORDS, nullable=True)

    frame = pl.read_csv(path, infer_schema=False)
    _good, failure = Customers.filter(frame)
    return frame.height, len(failure)


PEERS = {
    "read": read,
    "naive": naive,
    "frictionless": frictionless,
    "pandera": pandera,
    "dataframely": dataframely,
}


def main() -> None:
    """Run one of them on one file."""
    name, path = sys.argv[1:3]
    try:
        rows, bad = PEERS[name](Path(path))
    except ModuleNotFoundError as error:
        print(json.dumps({"missing": f"not installed: {error.name}"}))
    else:
        print(json.dumps({"rows": rows, "bad": bad}))


if __name__ == "__main__":
    main()
