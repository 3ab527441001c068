"""The token of a run: given, or obtained by signing in; renewed once, however many ask."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from bulkload.connectors.base import Connector
from bulkload.errors import CredentialsError, UnreachableError
from bulkload.wire import Wire, WireError

_TOO_MANY = 429
_SERVER_ERROR = 500
SHORTEST_SECRET = 8
"""Characters; shorter words of a header are no secrets (`Bearer`)."""


class Credentials:
    """Gives `Wire` its headers; `Wire(..., authorization=credentials.headers)`.

    Args:
        connector: Knows the headers and how to sign in.
        token: What the profile says; empty if it has to be obtained.
    """

    def __init__(self, connector: Connector, token: str = "") -> None:
        self._connector = connector
        self._token = token
        self._renewals = 0
        self._turn = asyncio.Lock()

    def headers(self) -> Mapping[str, str]:
        """Return the headers that carry the credentials."""
        return self._connector.authorization(self._token)

    def hidden_in(self, text: str) -> str:
        """Return a system's words without the credentials, should it repeat them."""
        for value in self.headers().values():
            for word in value.split():
                if len(word) >= SHORTEST_SECRET:
                    text = text.replace(word, "***")
        return text

    @property
    def version(self) -> int:
        """Grows with every new token; taken before a request, given back to `renew` after a 401."""
        return self._renewals

    async def ensure(self, wire: Wire) -> None:
        """Sign in if there is no token yet.

        Raises:
            CredentialsError: The system refuses user name or password.
            UnreachableError: It does not answer.
        """
        if not self._token and self._connector.sign_in() is not None:
            await self.renew(wire, self.version)

    async def renew(self, wire: Wire, version: int) -> None:
        """Obtain a new token, unless somebody has since `version`.

        Raises:
            CredentialsError: There is no way to sign in, or the system refuses.
            UnreachableError: It does not answer.
        """
        async with self._turn:
            if version != self._renewals:
                return
            request = self._connector.sign_in()
            if request is None:
                raise refused(wire)
            try:
                response = await wire.send(request)
            except WireError as error:
                raise UnreachableError(
                    f"signing in failed ({error})", where=wire.base_url, fix="try again later"
                ) from error
            if response.status == _TOO_MANY or response.status >= _SERVER_ERROR:
                raise UnreachableError(
                    f"signing in failed (HTTP {response.status})",
                    where=wire.base_url,
                    fix="run the same command again later: it continues where it stopped",
                )
            token = self._connector.token_of(response)
            if not token:
                raise refused(wire)
            self._token = token
            self._renewals += 1


def refused(wire: Wire) -> CredentialsError:
    """Return the error for credentials that the system does not accept."""
    return CredentialsError(
        "the system does not accept the credentials",
        where=wire.base_url,
        fix="check the token, or make a new one; `bulkload doctor` tests it",
    )
