"""A profile made ready to talk to: its connector, its journal, and the sandbox if that is meant."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from bulkload import settings
from bulkload.connectors import connector_for, token_kind
from bulkload.connectors.base import Connector
from bulkload.progress import Progress
from bulkload.settings import Profile, ProfileOptions

if TYPE_CHECKING:
    from bulkload.delivery import Credentials, DeliveryOptions
    from bulkload.wire import Wire

CONCURRENCY = 8


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a run sends to. Nothing has been connected yet; what connects is loaded when it does."""

    profile: Profile
    connector: Connector
    journal_path: Path

    def delivery(self) -> DeliveryOptions:
        """Return how this destination wants to be sent to."""
        from bulkload.delivery import DeliveryOptions, Rate

        return DeliveryOptions(
            rate=Rate.parse(self.profile.rate) if self.profile.rate else None,
            concurrency=self.profile.concurrency or CONCURRENCY,
        )

    def credentials(self) -> Credentials:
        """Return what opens the door.

        Raises:
            BulkloadError: The profile has no usable token.
        """
        from bulkload.delivery import Credentials

        # What signs in is no token by itself.
        signs_in = self.profile.options.get("auth") == "oauth"
        return Credentials(self.connector, "" if signs_in else self.profile.secret())

    def wire(self, credentials: Credentials) -> Wire:
        """Return the one HTTP client of a run."""
        from bulkload.wire import Wire, WireOptions

        return Wire(self.profile.base_url, authorization=credentials.headers, options=WireOptions())

    @property
    def target(self) -> str:
        """What a run is bound to besides source and mapping: it never goes on somewhere else."""
        place = settings.SANDBOX if self.profile.is_sandbox else self.profile.base_url
        return f"{self.connector.name} {place} {self.profile.program}".strip()

    def description(self) -> Mapping[str, str]:
        """Return what a report says of it; never a secret."""
        return {
            "name": self.profile.name,
            "connector": self.connector.name,
            "base_url": self.profile.base_url,
            "program": self.profile.program,
        }


def destination(options: ProfileOptions, *, program: str | None = None) -> Destination:
    """Return the destination that options and profile name.

    Args:
        options: What the caller says.
        program: The mapping's own program, which the caller's and the profile's overrule.
    """
    profile = settings.resolve(options)
    if program and not profile.program:
        profile = profile.model_copy(update={"program": program})
    return Destination(profile, _connector(profile), settings.journal_path(profile))


def _connector(profile: Profile) -> Connector:
    options = dict(profile.options)
    if profile.username:
        options |= {"username": profile.username}
        options |= {"password": profile.password.get_secret_value() if profile.password else ""}
    if profile.connector == "loyaltydog" and profile.token is not None:
        options.setdefault("token_kind", token_kind(profile.token.get_secret_value()))
    if profile.connector == "voucherify":
        options.setdefault("app_id", profile.app_id)
        if options.get("auth") == "oauth":
            options.setdefault("app_token", profile.secret())
    if profile.is_sandbox:
        options.setdefault("limits", "none")
    return connector_for(profile.connector, program=profile.program, options=options)


@contextlib.contextmanager
def reached(wanted: Destination, progress: Progress) -> Iterator[Destination]:
    """Make sure that somebody listens: start the sandbox on a free port if it is meant."""
    if not wanted.profile.is_sandbox:
        yield wanted
        return
    from bulkload.sandbox import Sandbox, SandboxOptions

    data = settings.sandbox_dir() / "customers.sqlite"
    with Sandbox(SandboxOptions(data=data)) as sandbox:
        progress.say(
            f"sandbox: a stand-in for {wanted.connector.name} on this machine ({sandbox.base_url}); "
            f"its customers are kept in {data}"
        )
        yield replace(wanted, profile=settings.with_sandbox(wanted.profile, sandbox.base_url))
