"""JSON Schemas of the answers, written down from the vendors' documentation.

They are stricter than the vendors' own where the prose is: what is documented as always there is
required here, and nothing undocumented may appear.
"""

from __future__ import annotations

from typing import Any

import jsonschema

JsonSchema = dict[str, Any]
TEXT = {"type": "string"}
TEXT_OR_NULL = {"type": ["string", "null"]}
WHOLE = {"type": "integer"}
YES_NO = {"type": "boolean"}
ANYTHING: JsonSchema = {}
OPEN = {"type": "object"}


def record(required: JsonSchema, optional: JsonSchema | None = None) -> JsonSchema:
    """Return the schema of an object with these properties and no others."""
    return {
        "type": "object",
        "properties": required | (optional or {}),
        "required": list(required),
        "additionalProperties": False,
    }


def listed(items: JsonSchema) -> JsonSchema:
    """Return the schema of an array."""
    return {"type": "array", "items": items}


def text(pattern: str) -> JsonSchema:
    """Return the schema of a string that matches a pattern."""
    return {"type": "string", "pattern": pattern}


MOMENT_MS = text(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
MOMENT_S = text(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")

# LoyaltyDog. Customer responses are untyped in the vendor's document; id and the payload's fields
# are certain, the rest is the sandbox's choice.
OBJECT_ID = text("^[0-9a-f]{24}$")
DOG_CUSTOMER = record(
    {
        "id": OBJECT_ID,
        "firstName": TEXT_OR_NULL,
        "lastName": TEXT_OR_NULL,
        "email": TEXT_OR_NULL,
        "phone": TEXT_OR_NULL,
        "points": WHOLE,
        "referrerId": {"anyOf": [OBJECT_ID, {"type": "null"}]},
        "customFields": OPEN,
        "currentMessage": TEXT_OR_NULL,
        "currentOfferId": TEXT_OR_NULL,
        "createdAt": MOMENT_MS,
        "updatedAt": MOMENT_MS,
    }
)
DOG_PROGRAM = record({"id": TEXT, "name": TEXT, "shareUrl": TEXT_OR_NULL})
DOG_TOKEN = record(
    {
        "accessToken": TEXT_OR_NULL,
        "tokenType": {"const": "bearer"},
        "mfaPending": YES_NO,
        "pendingToken": TEXT_OR_NULL,
    }
)
DOG_USER = record(
    {"id": TEXT, "name": TEXT, "email": TEXT},
    {
        "emailVerified": YES_NO,
        "active": YES_NO,
        "admin": YES_NO,
        "image": TEXT_OR_NULL,
        "location": TEXT_OR_NULL,
        "website": TEXT_OR_NULL,
    },
)
DOG_VALIDATION = record(
    {
        "detail": listed(
            record(
                {"loc": listed({"type": ["string", "integer"]}), "msg": TEXT, "type": TEXT},
                {"input": ANYTHING, "ctx": OPEN},
            )
        )
    }
)
DOG_DETAIL = record({"detail": TEXT})
DOG_KEY_ERROR = record(
    {
        "code": {
            "enum": [
                "bad_request", "unauthorized", "api_subscription_inactive", "forbidden",
                "not_found", "conflict", "validation_error", "rate_limited",
                "monthly_quota_exceeded", "internal_error",
            ]
        },
        "message": TEXT,
        "request_id": text("^[A-Za-z0-9._-]{1,128}$"),
    }
)  # fmt: skip

# Voucherify.
_SUMMARY = record(
    {
        "redemptions": record(
            {
                **dict.fromkeys(
                    (
                        "total_redeemed", "total_failed", "total_succeeded", "total_rolled_back",
                        "total_rollback_failed", "total_rollback_succeeded",
                    ),
                    WHOLE,
                ),
                "gift": record({"redeemed_amount": WHOLE, "amount_to_go": WHOLE}),
                "loyalty_card": record({"redeemed_points": WHOLE, "points_to_go": WHOLE}),
            }
        ),
        "orders": record(
            dict.fromkeys(
                ("total_amount", "total_count", "average_amount", "last_order_amount"), WHOLE
            )
        ),
    }
)  # fmt: skip
_ADDRESS_PARTS = ("city", "state", "line_1", "line_2", "country", "postal_code")
FY_CUSTOMER = record(
    {
        "id": text("^cust_[0-9A-Za-z]{24}$"),
        "address": {
            "anyOf": [
                record({}, dict.fromkeys(_ADDRESS_PARTS, TEXT_OR_NULL)),
                {"type": "null"},
            ]
        },
        "summary": _SUMMARY,
        "loyalty": record({"points": WHOLE, "referred_customers": WHOLE, "campaigns": OPEN}),
        "referrals": record({"total": WHOLE, "campaigns": listed(OPEN)}),
        "system_metadata": OPEN,
        "created_at": MOMENT_MS,
        "object": {"const": "customer"},
    },
    {
        "source_id": TEXT,
        **dict.fromkeys(
            ("name", "description", "email", "phone", "birthday", "birthdate"), TEXT_OR_NULL
        ),
        "metadata": OPEN,
        "updated_at": MOMENT_MS,
        "assets": record({"cockpit_url": TEXT, "cockpit_preference_center_url": TEXT}),
    },
)
FY_CUSTOMERS = record(
    {
        "object": {"const": "list"},
        "data_ref": {"const": "customers"},
        "customers": listed(FY_CUSTOMER),
        "total": WHOLE,
    },
    {"has_more": YES_NO},
)
FY_QUEUED = record({"async_action_id": text("^aa_[0-9a-f]{18}$")})
_ACTION = {
    "id": text("^aa_[0-9a-f]{18}$"),
    "type": {
        "enum": ["CUSTOMERS.IMPORT_CSV", "CUSTOMERS.BULK_UPDATE", "CUSTOMERS.METADATA_UPDATE"]
    },
    "status": {"enum": ["ENQUEUED", "IN_PROGRESS", "DONE", "FAILED"]},
    "created_at": MOMENT_MS,
    "updated_at": MOMENT_MS,
    "request_id": text("^v-[0-9a-f]{18}$"),
    "processing_time": WHOLE,
    "progress": {"type": "integer", "minimum": 0, "maximum": 100},
    "object": {"const": "async_action"},
}
_STATUS = {"operation_status": {"enum": ["SUCCESS", "FAILED", "UNKNOWN"]}}
_PROBLEM = {"message": TEXT, "details": TEXT, "key": TEXT}
FY_BULK_RESULT = record(
    {
        "done_count": WHOLE,
        "failed_count": WHOLE,
        "reports": listed(TEXT),
        "reports_available_till": MOMENT_MS,
        "errors": listed(record(_PROBLEM, {"source_id": TEXT})),
    }
)
FY_CSV_RESULT = record(
    {
        "message": TEXT,
        "failed": listed(record({"source_id": TEXT, "row": WHOLE, "reason": TEXT})),
        "done_count": WHOLE,
        "failed_count": WHOLE,
    }
)
FY_ACTION = record(_ACTION, _STATUS | {"result": {"anyOf": [FY_BULK_RESULT, FY_CSV_RESULT]}})
FY_ACTIONS = record(
    {
        "object": {"const": "list"},
        "data_ref": {"const": "async_actions"},
        "async_actions": listed(record(_ACTION, _STATUS)),
        "has_more": YES_NO,
    }
)
FY_EXPORT = record(
    {
        "id": text("^exp_[0-9A-Za-z]{24}$"),
        "object": {"const": "export"},
        "created_at": MOMENT_MS,
        "status": {"enum": ["SCHEDULED", "IN_PROGRESS", "DONE", "ERROR"]},
        "channel": {"const": "API"},
        "exported_object": {"const": "customer"},
        "parameters": record({"order": TEXT, "fields": listed(TEXT), "filters": OPEN}),
        "result": {"anyOf": [record({"url": TEXT}), {"type": "null"}]},
        "user_id": TEXT_OR_NULL,
    }
)
FY_DELETION = record(
    {
        "id": text("^del_[0-9A-Za-z]{24}$"),
        "created_at": MOMENT_MS,
        "related_object_id": TEXT,
        "related_object": {"const": "customer"},
        "status": {"const": "DONE"},
        "data_json": record(
            dict.fromkeys(
                ("events", "customer_events", "daily_events", "segments", "orders",
                 "order_events", "customer"), WHOLE,
            )
        ),
        "object": {"const": "pernament_deletion"},
    }
)  # fmt: skip
FY_ERROR = record(
    {"code": WHOLE, "message": TEXT},
    {
        "key": TEXT,
        "details": TEXT,
        "request_id": text("^v-[0-9a-f]{18}$"),
        "resource_id": TEXT,
        "resource_type": TEXT,
    },
)

# Leal. The SDK declares every field as there and not null; for contact data null must be expected.
_REFERENCE = record({"source": text("^[a-z0-9_-]+$"), "external_id": TEXT, "metadata": OPEN})
_HELD = {
    "id": WHOLE,
    "card_id": WHOLE,
    "card_name": TEXT,
    "uuid": text("^[0-9a-f-]{36}$"),
    "status": TEXT,
    "stamps_count": WHOLE,
    "stamps_remaining": WHOLE,
    "progress_percentage": {"type": "number", "minimum": 0, "maximum": 100},
    "pass_installed": YES_NO,
    "issued_at": MOMENT_S,
    "created_at": MOMENT_S,
    "updated_at": MOMENT_S,
    "apple_wallet_url": TEXT,
    "google_wallet_url": TEXT,
}
LEAL_REWARD = record(
    {
        "id": WHOLE,
        "account_id": WHOLE,
        "card_id": WHOLE,
        "name": TEXT,
        "description": TEXT,
        "stamps_required": WHOLE,
        "position": WHOLE,
        "active": YES_NO,
        "created_at": MOMENT_S,
        "updated_at": MOMENT_S,
    }
)
LEAL_CUSTOMER = record(
    {
        "id": WHOLE,
        "account_id": WHOLE,
        "first_name": TEXT,
        **dict.fromkeys(("last_name", "email", "phone", "birthday"), TEXT_OR_NULL),
        "metadata": OPEN,
        "external_references": listed(_REFERENCE),
        "customer_cards": listed(record(_HELD)),
        "stamp_count": WHOLE,
        "created_at": MOMENT_S,
        "updated_at": MOMENT_S,
    }
)
LEAL_CUSTOMERS = record(
    {
        "customers": listed(LEAL_CUSTOMER),
        "pagination": record(dict.fromkeys(("count", "items", "page", "pages"), WHOLE)),
    }
)
LEAL_HELD_CARDS = listed(record(_HELD))
LEAL_HELD_CARD = record(
    _HELD | {"account_id": WHOLE, "customer_id": WHOLE, "available_rewards": listed(LEAL_REWARD)}
)
LEAL_REDEEMED = record(
    {
        "success": YES_NO,
        "redemption": record(
            {
                "id": WHOLE,
                "redeemed_at": MOMENT_S,
                "reward_id": WHOLE,
                "reward_name": TEXT,
                "stamps_remaining": WHOLE,
                "stamps_spent": WHOLE,
            }
        ),
    }
)
LEAL_STORE = record(
    {
        "id": WHOLE,
        **dict.fromkeys(("name", "store_name", "display_store_name"), TEXT),
        "personal": YES_NO,
        **dict.fromkeys(
            ("cards_count", "customers_count", "locations_count", "posters_count"), WHOLE
        ),
        "created_at": MOMENT_S,
        "updated_at": MOMENT_S,
    }
)
LEAL_STATUS = record(
    {
        **dict.fromkeys(
            ("api_version", "authentication", "developer_portal_url", "documentation_url",
             "openapi_url"), TEXT,
        ),
        "rate_limit": record({"limit": WHOLE, "scope": TEXT, "window_seconds": WHOLE}),
        "status": {"const": "ok"},
        "versioning": record(
            {
                "current": TEXT,
                "deprecated": listed(ANYTHING),
                "policy_url": TEXT,
                "signalling": TEXT,
                "supported": listed(ANYTHING),
            }
        ),
    }
)  # fmt: skip
LEAL_ERROR = {
    "anyOf": [
        record({"error": TEXT}),
        record({"errors": {"anyOf": [listed(TEXT), {"type": "object",
                                                   "additionalProperties": listed(TEXT)}]}}),
    ]
}  # fmt: skip


def fits(value: Any, schema: JsonSchema) -> Any:
    """Return `value`; raise unless it fits the schema."""
    jsonschema.Draft202012Validator(schema).validate(value)
    return value
