"""HTTP as the rest of the package sees it: one request out, one fully read answer back.

The only module that imports httpx, so that its successor with the same API is a change of one room.
It is loaded with the first `Wire`: whoever only names requests and answers needs no network.
"""

from __future__ import annotations

import dataclasses
import json
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, cast

if TYPE_CHECKING:
    import ssl

    import httpx

USER_AGENT = "bulkload"
_URLS_KEPT = 64
_CAUSES_FOLLOWED = 10


@dataclass(frozen=True, slots=True)
class Request:
    """What a connector wants to be sent; authentication is added on the way out."""

    method: str
    path: str
    """Path and query below the profile's base URL, already percent-encoded: `/v2/token`."""
    body: bytes | None = None
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)
    content_type: str = "application/json"

    @property
    def is_read(self) -> bool:
        """Whether sending it twice changes nothing."""
        return self.method in ("GET", "HEAD")


@dataclass(frozen=True, slots=True)
class Response:
    """A fully read answer, within the size limit."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes

    def json(self) -> Any:
        """Return the body as JSON; None if it is not JSON (an answer may be anything)."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None


class WireError(Exception):
    """No usable answer. Subclasses say what is known about the server's side."""

    def __init__(self, what: str = "", *, exception: str = "", timed_out: bool = False) -> None:
        super().__init__(what or exception)
        self.exception = exception
        """Class of the library's exception, for the journal: `ReadTimeout`."""
        self.timed_out = timed_out


class NotSentError(WireError):
    """The server cannot have seen the whole request (refused, no DNS, no connection, pool full)."""


class OutcomeUnknownError(WireError):
    """The server may or may not have applied the request (time-out, reset, broken answer)."""


class UnsendableError(WireError):
    """The request itself breaks HTTP's rules; it was not sent and never can be."""


class UnusableTargetError(WireError):
    """The address or its certificate is wrong; no request to it can succeed."""


@dataclass(frozen=True, slots=True)
class WireOptions:
    """Limits of one exchange; every one of them has a default that suits the known systems."""

    connect_timeout_s: float = 5.0
    write_timeout_s: float = 10.0
    read_timeout_s: float = 30.0
    """Between two pieces of the answer."""
    deadline_s: float = 60.0
    """For the whole exchange: a server that drips its answer is cut off here."""
    size_limit_bytes: int = 1 << 20
    list_size_limit_bytes: int = 32 << 20
    """For reads, which may be pages of customers."""
    keepalive_s: float = 1.5
    """A connection that was idle longer is not used again: a server closes idle connections when it
    likes, and a create lost in that moment could not be told from one that was applied."""
    use_proxy: bool = False
    """Whether `HTTPS_PROXY` and its kin are obeyed."""
    ca_file: str = ""
    """Certificates to trust besides the usual ones; verification itself cannot be switched off."""


class Wire:
    """Sends requests below one base URL; an async context manager.

    HTTP/1.1, no redirects, no cookies, no retries, no environment. One connection per request under
    way, each in a pool of its own: httpx's shared pool gets slower with every connection in it.

    Args:
        base_url: Scheme, host and path prefix, without a trailing slash.
        authorization: Called for every request, so that a renewed token is used at once.
        options: Limits.
        transport: Stands in for the network, in tests and for in-process servers.
    """

    def __init__(
        self,
        base_url: str,
        *,
        authorization: Callable[[], Mapping[str, str]] = dict,
        options: WireOptions | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self._authorization = authorization
        self._options = options or WireOptions()
        self._given = transport
        self._idle: list[httpx.AsyncBaseTransport] = []
        self._urls: dict[str, httpx.URL] = {}
        self._tls: ssl.SSLContext | None = None
        o = self._options
        self._extensions = {
            "timeout": {
                "connect": o.connect_timeout_s,
                "read": o.read_timeout_s,
                "write": o.write_timeout_s,
                "pool": o.connect_timeout_s,
            }
        }
        _prepare_httpx()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exception: object) -> None:
        while self._idle:
            await self._idle.pop().aclose()
        if self._given is not None:
            await self._given.aclose()

    async def send(self, request: Request) -> Response:
        """Send one request and read its answer to the end.

        Raises:
            NotSentError: The server cannot have seen the whole request.
            OutcomeUnknownError: It may have; no whole answer came back within the limits.
            UnsendableError: The request breaks HTTP's rules.
            UnusableTargetError: Address or certificate are wrong.
        """
        import asyncio

        try:
            built = self._built(request)
            async with asyncio.timeout(self._options.deadline_s):
                return await self._exchange(built, self._limit(request))
        except WireError:
            raise
        except TimeoutError as error:
            raise OutcomeUnknownError(
                f"no whole answer within {self._options.deadline_s:g} s",
                exception="Deadline",
                timed_out=True,
            ) from error
        except Exception as error:
            raise classified(error) from error

    def _built(self, request: Request) -> httpx.Request:
        import httpx

        url = self._urls.get(request.path)
        if url is None:
            url = httpx.URL(self.base_url + request.path)
            if request.method == "POST" and len(self._urls) < _URLS_KEPT:
                self._urls[request.path] = url
        headers = {
            "Host": url.netloc.decode("ascii"),
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "User-Agent": USER_AGENT,
            **self._authorization(),
            **request.headers,
        }
        if request.body is not None:
            headers["Content-Type"] = request.content_type
        try:
            pairs = [(k.encode("ascii"), v.encode("ascii")) for k, v in headers.items()]
        except UnicodeEncodeError as error:
            raise UnsendableError("a header holds characters that HTTP has no place for") from error
        return httpx.Request(
            request.method, url, headers=pairs, content=request.body, extensions=self._extensions
        )

    async def _exchange(self, request: httpx.Request, limit_bytes: int) -> Response:
        transport = self._given or (self._idle.pop() if self._idle else self._transport())
        reusable = False
        try:
            answer = await transport.handle_async_request(request)
            try:
                body = await _read(answer, limit_bytes)
            finally:
                await answer.aclose()
            reusable = True
        finally:
            if self._given is None:
                if reusable:
                    self._idle.append(transport)
                else:
                    await transport.aclose()
        headers = {
            k.decode("ascii", "replace").lower(): v.decode("latin-1") for k, v in answer.headers.raw
        }
        return Response(answer.status_code, headers, _plain(headers, body, limit_bytes))

    def _limit(self, request: Request) -> int:
        o = self._options
        return o.list_size_limit_bytes if request.is_read else o.size_limit_bytes

    def _transport(self) -> httpx.AsyncHTTPTransport:
        import httpx

        if self._tls is None:
            is_https = self.base_url.startswith("https:")
            self._tls = _tls_context(self._options.ca_file) if is_https else _no_tls()
        return httpx.AsyncHTTPTransport(
            verify=self._tls,
            http2=False,
            limits=httpx.Limits(
                max_connections=1,
                max_keepalive_connections=1,
                keepalive_expiry=self._options.keepalive_s,
            ),
            trust_env=False,
            proxy=self._proxy(),
            retries=0,
        )

    def _proxy(self) -> str | None:
        if not self._options.use_proxy:
            return None
        import urllib.parse
        import urllib.request

        parts = urllib.parse.urlsplit(self.base_url)
        if urllib.request.proxy_bypass(parts.hostname or ""):
            return None
        proxies = urllib.request.getproxies()
        return proxies.get(parts.scheme) or proxies.get("all")


def _prepare_httpx() -> None:
    """Load httpx before a request waits for it, and keep it from what it does badly."""
    import importlib.util
    import logging
    import sys

    import httpx  # noqa: F401 - not yet

    if "sniffio" not in sys.modules and importlib.util.find_spec("sniffio") is None:
        # httpcore tries to import it at every request, and each time the whole path would be searched.
        sys.modules["sniffio"] = None  # type: ignore[assignment]
    # They log whole URLs, and a look-up's URL holds an e-mail address.
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.CRITICAL)


def classified(error: Exception) -> WireError:
    """Return what an exception of the HTTP library proves about the server's side.

    By class, never by message. Whatever is not on a short list of proofs is unknown.
    """
    import httpx

    name = type(error).__name__
    if isinstance(error, httpx.InvalidURL | httpx.UnsupportedProtocol):
        return UnusableTargetError("the address cannot be used", exception=name)
    if _is_certificate(error):
        return UnusableTargetError("the server's certificate is not valid", exception=name)
    if isinstance(error, httpx.LocalProtocolError):
        return UnsendableError("the request breaks HTTP's rules", exception=name)
    if isinstance(
        error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout | httpx.ProxyError
    ):
        timed_out = isinstance(error, httpx.TimeoutException)
        why = "no connection in time" if timed_out else "no connection"
        return NotSentError(why, exception=name, timed_out=timed_out)
    return OutcomeUnknownError(
        "the answer did not arrive whole",
        exception=name,
        timed_out=isinstance(error, httpx.TimeoutException),
    )


def _is_certificate(error: BaseException | None) -> bool:
    import ssl

    seen = 0
    while error is not None and seen < _CAUSES_FOLLOWED:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error, seen = error.__cause__ or error.__context__, seen + 1
    return False


async def _read(answer: httpx.Response, limit_bytes: int) -> bytes:
    pieces: list[bytes] = []
    size = 0
    stream = cast("httpx.AsyncByteStream", answer.stream)
    async for piece in stream:
        size += len(piece)
        if size > limit_bytes:
            raise OutcomeUnknownError(
                "the answer is larger than any real one", exception="TooLarge"
            )
        pieces.append(piece)
    return b"".join(pieces)


def _plain(headers: Mapping[str, str], body: bytes, limit_bytes: int) -> bytes:
    """Return the body uncompressed: some servers compress although they were asked not to."""
    encoding = headers.get("content-encoding", "identity").strip().lower()
    if encoding in ("", "identity"):
        return body
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise OutcomeUnknownError("the answer is compressed unreadably", exception="DecodingError")
    inflate = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)
    try:
        plain = inflate.decompress(body, limit_bytes + 1)
    except zlib.error as error:
        raise OutcomeUnknownError(
            "the answer is compressed wrongly", exception="DecodingError"
        ) from error
    if len(plain) > limit_bytes or not inflate.eof:
        raise OutcomeUnknownError("the answer is larger than any real one", exception="TooLarge")
    return plain


def _tls_context(ca_file: str) -> ssl.SSLContext:
    import ssl

    import httpx

    context = httpx.create_ssl_context(trust_env=False)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca_file:
        context.load_verify_locations(cafile=ca_file)
    return context


def _no_tls() -> ssl.SSLContext:
    """Return a context that trusts nobody: quick to make, and no use for it with plain HTTP."""
    import ssl

    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
