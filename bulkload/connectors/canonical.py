r"""One customer between the systems: what each of them holds, said in one way.

    LoyaltyDog --\                     /--> LoyaltyDog
    Voucherify ---> Canonical --------+---> Voucherify
    Leal      ---/                     \--> Leal
                                        \-> what the other side cannot hold, by name

Pure functions over the systems' own objects, without I/O. Nothing is dropped silently: what has no
place comes back in `Moved.lost`, field by field.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from bulkload.connectors.answers import text_of
from bulkload.connectors.leal_answers import references
from bulkload.errors import BulkloadError, did_you_mean
from bulkload.records import Customer

ADDRESS_PARTS = ("line_1", "line_2", "city", "postal_code", "state", "country")
BIRTHDAY = "birthday"
"""Name of the custom field in which LoyaltyDog programs keep the date of birth."""


@dataclass(frozen=True, slots=True)
class Canonical:
    """A customer as every system would understand it; empty means that nothing is said."""

    system: str = ""
    remote_id: str = ""
    source_id: str = ""
    """The shop's own id for the customer."""
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    phone: str = ""
    birthday: str = ""
    """YYYY-MM-DD."""
    description: str = ""
    message: str = ""
    """Shown on the customer's pass."""
    points: int | None = None
    stamps: int | None = None
    address: Mapping[str, str] = field(default_factory=dict)
    consents: Mapping[str, bool] = field(default_factory=dict)
    references: Mapping[str, str] = field(default_factory=dict)
    """External id by source."""
    custom: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Moved:
    """A customer on the other side."""

    fields: Mapping[str, Any]
    """By dotted field of the other system's schema."""
    lost: tuple[str, ...] = ()
    """What the other system cannot hold, by canonical name."""


@dataclass(slots=True)
class Reconciliation:
    """Sums over many customers, to be compared on both sides after a move."""

    customers: int = 0
    points: int = 0
    stamps: int = 0
    lost: dict[str, int] = field(default_factory=dict)
    """How many customers lost what."""

    def add(self, customer: Canonical, moved: Moved | None = None) -> None:
        """Count one customer."""
        self.customers += 1
        self.points += customer.points or 0
        self.stamps += customer.stamps or 0
        for name in moved.lost if moved else ():
            self.lost[name] = self.lost.get(name, 0) + 1

    def differences(self, other: Reconciliation) -> list[str]:
        """Return one sentence for each sum that differs on the other side."""
        return [
            f"{name}: {getattr(self, name):,} here, {getattr(other, name):,} there"
            for name in ("customers", "points", "stamps")
            if getattr(self, name) != getattr(other, name)
        ]


def canonical(system: str, customer: Customer) -> Canonical:
    """Return a system's customer in the common words.

    Raises:
        BulkloadError: The system is not known.
    """
    return _of(_READERS, system)(customer)


def moved(customer: Canonical, system: str) -> Moved:
    """Return what a system's payload says of the customer, and what has no place there.

    Raises:
        BulkloadError: The system is not known.
    """
    spoken, said = _of(_WRITERS, system)(customer)
    kept = {name: value for name, value in spoken.items() if value not in (None, "")}
    lost = tuple(name for name, _ in _parts(customer) if name not in said)
    return Moved(kept, lost)


def _from_loyaltydog(customer: Customer) -> Canonical:
    fields = customer.fields
    custom = _object(fields.get("customFields"))
    return Canonical(
        "loyaltydog",
        customer.remote_id,
        source_id=text_of(custom.pop("source_id", "")),
        first_name=text_of(fields.get("firstName")),
        last_name=text_of(fields.get("lastName")),
        email=text_of(fields.get("email")),
        phone=text_of(fields.get("phone")),
        birthday=text_of(custom.pop(BIRTHDAY, ""))[:10],
        message=text_of(fields.get("currentMessage")),
        points=_whole(fields.get("points")),
        consents={k: v for k, v in _object(fields.get("consents")).items() if isinstance(v, bool)},
        custom=custom,
    )


def _from_voucherify(customer: Customer) -> Canonical:
    fields = customer.fields
    first, last = _split(text_of(fields.get("name")))
    loyalty = _object(fields.get("loyalty"))
    return Canonical(
        "voucherify",
        customer.remote_id,
        source_id=text_of(fields.get("source_id")),
        first_name=first,
        last_name=last,
        email=text_of(fields.get("email")),
        phone=text_of(fields.get("phone")),
        birthday=text_of(fields.get("birthdate") or fields.get("birthday"))[:10],
        description=text_of(fields.get("description")),
        points=_whole(loyalty.get("points")),
        address={k: text_of(v) for k, v in _object(fields.get("address")).items() if text_of(v)},
        custom=_object(fields.get("metadata")),
    )


def _from_leal(customer: Customer) -> Canonical:
    fields = customer.fields
    found = references(fields)
    return Canonical(
        "leal",
        customer.remote_id,
        source_id=found.pop("source_id", ""),
        first_name=text_of(fields.get("first_name")),
        last_name=text_of(fields.get("last_name")),
        email=text_of(fields.get("email")),
        phone=text_of(fields.get("phone")),
        birthday=text_of(fields.get("birthday"))[:10],
        stamps=_whole(fields.get("stamp_count")),
        references={k: v for k, v in found.items() if k != "bulkload"},
        custom=_object(fields.get("metadata")),
    )


Spoken = tuple[dict[str, Any], set[str]]
Reader = TypeVar("Reader")


def _to_loyaltydog(customer: Canonical) -> Spoken:
    fields: dict[str, Any] = {
        "firstName": customer.first_name,
        "lastName": customer.last_name,
        "email": customer.email,
        "phone": customer.phone,
        "points": customer.points,
        "currentMessage": customer.message,
        f"customFields.{BIRTHDAY}": customer.birthday,
        "customFields.source_id": customer.source_id,
        **{f"consents.{name}": given for name, given in customer.consents.items()},
        **{f"customFields.{name}": value for name, value in _leaves(customer.custom)},
    }
    said = {"first_name", "last_name", "email", "phone", "points", "message", "birthday"}
    return fields, said | {"source_id", "consents", "custom"}


def _to_voucherify(customer: Canonical) -> Spoken:
    fields: dict[str, Any] = {
        # A POST without an own id creates a new customer each time, so the old system's stands in.
        "source_id": customer.source_id or f"{customer.system}:{customer.remote_id}",
        "name": " ".join(part for part in (customer.first_name, customer.last_name) if part),
        "email": customer.email,
        "phone": customer.phone,
        "birthdate": customer.birthday,
        "description": customer.description,
        **{f"address.{part}": customer.address.get(part) for part in ADDRESS_PARTS},
        **{f"metadata.{name}": value for name, value in _leaves(customer.custom)},
    }
    said = {"source_id", "first_name", "last_name", "email", "phone", "birthday", "description"}
    return fields, said | {"address", "custom"}


def _to_leal(customer: Canonical) -> Spoken:
    fields: dict[str, Any] = {
        "first_name": customer.first_name or customer.last_name,
        "last_name": customer.last_name if customer.first_name else "",
        "email": customer.email,
        "phone": customer.phone,
        "birthday": customer.birthday,
        "stamps": customer.stamps,
        "external_references.source_id": customer.source_id,
        **{f"external_references.{source}": id_ for source, id_ in customer.references.items()},
        **{f"metadata.{name}": value for name, value in _leaves(customer.custom)},
    }
    said = {"source_id", "first_name", "last_name", "email", "phone", "birthday", "stamps"}
    return fields, said | {"references", "custom"}


_READERS: Mapping[str, Callable[[Customer], Canonical]] = {
    "loyaltydog": _from_loyaltydog,
    "voucherify": _from_voucherify,
    "leal": _from_leal,
}
_WRITERS: Mapping[str, Callable[[Canonical], Spoken]] = {
    "loyaltydog": _to_loyaltydog,
    "voucherify": _to_voucherify,
    "leal": _to_leal,
}


def _of(table: Mapping[str, Reader], system: str) -> Reader:
    if system not in table:
        raise BulkloadError(
            f"customers of `{system}` cannot be moved",
            fix=did_you_mean(system, table) + f"known: {', '.join(table)}",
        )
    return table[system]


def _parts(customer: Canonical) -> Iterator[tuple[str, Any]]:
    """Yield what the customer says, without where it comes from; a balance of 0 says nothing."""
    for part in dataclasses.fields(customer):
        value = getattr(customer, part.name)
        if part.name not in ("system", "remote_id") and value:
            yield part.name, value


def _leaves(custom: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield custom values by dotted name, objects opened, lists whole."""
    for name, value in custom.items():
        if isinstance(value, Mapping):
            for below, leaf in _leaves(value):
                yield f"{name}.{below}", leaf
        else:
            yield name, value


def _split(name: str) -> tuple[str, str]:
    """Cut a full name at its last space, so that joining gives it back."""
    first, _, last = " ".join(name.split()).rpartition(" ")
    return (first, last) if first else (last, "")


def _object(value: Any) -> dict[str, Any]:
    return dict(value) if isinstance(value, Mapping) else {}


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
