"""The systems that bulkload speaks to. `connector_for` makes one by name.

How to add a system:

1. Write one module with a class that fulfils `base.Connector`: a frozen dataclass without I/O, that
   makes requests and reads answers. `tests/connectors/toy.py` is a whole one in a hundred lines.
2. Declare its `Schema`, and in `promises` only what the vendor documents. `Promise.CREATE` is
   always safe: an answer that went missing is then looked up, never sent again.
3. `meaning` starts from `base.meaning_of_status` and reads the vendor's body for the rest: APPLIED
   only with a usable id, CONFLICT where a key is taken, STOP for what no row can mend. Everything
   that the vendor says goes through `answers.masked`.
4. What else it can do (bulk lane, own references, declared fields, limits in headers) are protocols
   in `base`, each on its own.
5. Name it in `SYSTEMS` below, and in `tests/connectors/test_contract.py`, whose scenarios it must
   pass. Nothing else changes: import, update, export, look-up, baseline, resume and dry run are
   written over the protocol.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bulkload.connectors.base import Connector
from bulkload.errors import BulkloadError, did_you_mean

Maker = Callable[[str, Mapping[str, str]], Connector]


def _loyaltydog(program: str, options: Mapping[str, str]) -> Connector:
    from bulkload.connectors.loyaltydog import LoyaltyDog

    return LoyaltyDog(
        program,
        keyed=options.get("token_kind") == "ld",
        unlimited=options.get("limits") == "none",
        username=options.get("username", ""),
        password=options.get("password", ""),
    )


def _voucherify(_program: str, options: Mapping[str, str]) -> Connector:
    from bulkload.connectors.voucherify import Voucherify

    unlimited = options.get("limits") == "none"
    return Voucherify(
        app_id=options.get("app_id", ""),
        app_token=options.get("app_token", ""),
        oauth=options.get("auth") == "oauth",
        plan="none" if unlimited else options.get("plan", "business"),
    )


def _leal(program: str, options: Mapping[str, str]) -> Connector:
    from bulkload.connectors.leal import UNTIL_TOLD, Leal

    return Leal(
        program,
        own_reference=options.get("own_reference") != "off",
        card_links_confirmed=options.get("card_links") == "confirmed",
        bare=options.get("bare") == "yes",
        limit=None if options.get("limits") == "none" else UNTIL_TOLD,
    )


_ADDRESSES = {"loyaltydog": "https://api.loyalty.dog", "leal": "https://app.getleal.com"}
SYSTEMS: dict[str, tuple[Maker, frozenset[str]]] = {
    "loyaltydog": (_loyaltydog, frozenset({"token_kind", "limits", "username", "password"})),
    "voucherify": (
        _voucherify,
        frozenset({"app_id", "app_token", "auth", "plan", "cluster", "limits"}),
    ),
    "leal": (_leal, frozenset({"own_reference", "card_links", "bare", "limits"})),
}
"""Maker and known options by name."""


def connector_for(
    name: str, *, program: str = "", options: Mapping[str, str] | None = None
) -> Connector:
    """Return the connector of a system, for one program or store.

    Args:
        name: `loyaltydog`, `voucherify` or `leal`.
        program: Id of the program (LoyaltyDog) or store (Leal); Voucherify's keys name the project.
        options: Texts by name, each system's own. For all: `limits: none` where the vendor's limits
            do not hold (the sandbox). LoyaltyDog: `token_kind` (`ld` or `jwt`, see `token_kind`),
            `username`, `password`. Voucherify: `app_id`, `plan` (`business`, `organization`,
            `sandbox`), `cluster` (see `base_url_of`), `auth: oauth` with `app_token`. Leal:
            `own_reference: off`, `card_links: confirmed`, `bare: yes` (see `leal.Leal`).

    Raises:
        BulkloadError: The system or an option is not known; names the closest one.
    """
    if name not in SYSTEMS:
        raise BulkloadError(
            f"there is no connector `{name}`",
            fix=did_you_mean(name, SYSTEMS) + f"there are: {', '.join(SYSTEMS)}",
        )
    make, known = SYSTEMS[name]
    given = dict(options or {})
    for option in given:
        if option not in known:
            raise BulkloadError(
                f"the connector `{name}` has no option `{option}`",
                fix=did_you_mean(option, known) + f"it has: {', '.join(sorted(known))}",
            )
    return make(program, given)


def token_kind(token: str) -> str:
    """Return `ld` for LoyaltyDog's hashed keys (`ld_live_...`, `ld_test_...`), else `jwt`."""
    return "ld" if token.startswith("ld_") else "jwt"


def base_url_of(name: str, options: Mapping[str, str] | None = None) -> str:
    """Return the vendor's own address; for Voucherify that of the `cluster` (eu, us1, as1).

    Empty for a system that has no address of its own.

    Raises:
        BulkloadError: There is no such cluster.
    """
    if name != "voucherify":
        return _ADDRESSES.get(name, "")
    from bulkload.connectors.voucherify import CLUSTERS

    cluster = (options or {}).get("cluster", "eu")
    if cluster not in CLUSTERS:
        raise BulkloadError(
            f"Voucherify has no cluster `{cluster}`",
            fix=did_you_mean(cluster, CLUSTERS) + f"there are: {', '.join(CLUSTERS)}",
        )
    return CLUSTERS[cluster]
