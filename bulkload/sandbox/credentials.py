"""What opens the sandbox, and what it holds from the start."""

PROGRAM_ID = "5eb7cf5a86d9755df3a6c593"
"""The LoyaltyDog program that exists from the start."""
JWT = "sandbox-jwt"
LD_KEY = "ld_test_sandbox"
PASSWORD = "sandbox"  # noqa: S105 - opens nothing but the sandbox
"""`POST /v2/token` accepts any user name with this password."""
APP_ID = "sandbox-app-id"
APP_TOKEN = "sandbox-app-token"  # noqa: S105 - opens nothing but the sandbox
LEAL_TOKEN = "sandbox-leal-token"  # noqa: S105 - opens nothing but the sandbox
LEAL_ACCOUNT_ID = 12
"""The Leal store that exists from the start."""
