"""One request out, one whole answer back, and what is known when there is none.

What real sockets do is tested with the fault server; here every exception has its class, and every
header its place.
"""

import asyncio
import gzip
import http.server
import logging
import ssl
import subprocess
import threading

import httpx
import pytest

from bulkload.wire import (
    NotSentError,
    OutcomeUnknownError,
    Request,
    UnsendableError,
    UnusableTargetError,
    Wire,
    WireError,
    WireOptions,
    classified,
)

READ = Request("GET", "/customers?email=ada%40example.com")
WRITE = Request("POST", "/customers", b'{"email":"ada@example.com"}', {"Idempotency-Key": "k1"})


def send(handler, request=WRITE, **options):
    """Send one request to a function that answers it."""
    authorization = {"Authorization": "Bearer SECRET-7f3a"}

    async def exchange():
        async with Wire(
            "https://api.example.com/base/",
            authorization=lambda: authorization,
            options=WireOptions(**options),
            transport=httpx.MockTransport(handler),
        ) as wire:
            return await wire.send(request)

    return asyncio.run(exchange())


NOT_SENT = {httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError}
UNUSABLE = {httpx.UnsupportedProtocol, httpx.InvalidURL}


def exceptions():
    """Return every exception of httpx that a request can raise."""
    found, waiting = [], [httpx.HTTPError]
    while waiting:
        one = waiting.pop()
        waiting += one.__subclasses__()
        found.append(one)
    abstract = {httpx.HTTPError, httpx.HTTPStatusError}
    return [e for e in found if e not in abstract] + [httpx.InvalidURL, OSError, RuntimeError]


@pytest.mark.parametrize("error", exceptions(), ids=lambda e: e.__name__)
def test_every_exception_has_its_meaning(error):
    """Only a short list proves that nothing was sent; everything else is unknown."""
    expected: type[WireError]
    if error in NOT_SENT:
        expected = NotSentError
    elif error in UNUSABLE:
        expected = UnusableTargetError
    elif error is httpx.LocalProtocolError:
        expected = UnsendableError
    else:
        expected = OutcomeUnknownError

    found = classified(error("x"))

    assert type(found) is expected
    assert found.exception == error.__name__
    assert found.timed_out == issubclass(error, httpx.TimeoutException)


def test_a_certificate_is_recognised_by_class():
    """However deep it lies, a refused certificate makes the target unusable."""
    error = httpx.ConnectError("x")
    error.__cause__ = OSError("y")
    error.__cause__.__context__ = ssl.SSLCertVerificationError("z")

    assert type(classified(error)) is UnusableTargetError


def test_a_request_is_sent_as_it_is():
    """Method, path below the base URL, body, credentials; nothing is compressed or remembered."""
    seen = []

    def answer(request):
        seen.append(request)
        return httpx.Response(201, headers={"X-Any": "1", "Set-Cookie": "a=b"}, json={"id": "c1"})

    response = send(answer)

    assert (response.status, response.json()) == (201, {"id": "c1"})
    assert response.headers["x-any"] == "1"
    (request,) = seen
    assert (request.method, str(request.url)) == ("POST", "https://api.example.com/base/customers")
    assert request.content == WRITE.body
    assert request.headers["authorization"] == "Bearer SECRET-7f3a"
    assert request.headers["idempotency-key"] == "k1"
    assert request.headers["accept-encoding"] == "identity"
    assert request.headers["host"] == "api.example.com"
    assert "cookie" not in request.headers


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_an_answer(status):
    """Nothing is sent anywhere else."""
    seen = []

    def answer(request):
        seen.append(str(request.url))
        return httpx.Response(status, headers={"Location": "https://evil.example/"})

    assert send(answer).status == status
    assert len(seen) == 1


@pytest.mark.parametrize(
    ("value", "error"),
    [
        pytest.param("a\r\nX: y", UnsendableError, id="line-break"),
        pytest.param("ключ", UnsendableError, id="beyond-ascii"),
        pytest.param("a\x00b", UnsendableError, id="nul"),
    ],
)
def test_a_header_that_breaks_the_rules_never_leaves(value, error):
    """Nobody can slip a second header in."""
    with Silent() as server, pytest.raises(error):
        asyncio.run(_plain_send(server.base_url, Request("POST", "/", b"{}", {"X-Any": value})))

    assert server.requests == 0


def test_an_answer_larger_than_any_is_unknown():
    """Bodies are cut off at the limit, one for single customers and one for lists."""
    big = lambda _request: httpx.Response(200, content=b"x" * 2000)  # noqa: E731

    with pytest.raises(OutcomeUnknownError):
        send(big, size_limit_bytes=1000)
    assert len(send(big, READ, size_limit_bytes=1000).body) == 2000


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip"])
def test_an_answer_that_is_compressed_all_the_same_is_read(encoding):
    """Some servers compress although they were asked not to."""
    packed = gzip.compress(b'{"id":"c1"}')

    response = send(lambda _: _Raw(200, [("Content-Encoding", encoding)], packed))

    assert response.json() == {"id": "c1"}


@pytest.mark.parametrize(
    ("encoding", "content"),
    [
        pytest.param("gzip", b"no gzip", id="broken"),
        pytest.param("gzip", gzip.compress(b"x" * 5_000_000), id="bomb"),
        pytest.param("gzip", gzip.compress(b"x" * 500)[:-9], id="cut-off"),
        pytest.param("br", b"?", id="other"),
    ],
)
def test_an_answer_that_cannot_be_unpacked_is_unknown(encoding, content):
    """Neither nonsense nor a bomb is taken for an answer."""
    with pytest.raises(OutcomeUnknownError):
        send(lambda _: _Raw(200, [("Content-Encoding", encoding)], content))


def test_a_dripping_answer_is_cut_off():
    """The deadline is for the whole exchange, however alive the connection looks."""

    class Dripping(httpx.AsyncByteStream):
        async def __aiter__(self):
            while True:
                await asyncio.sleep(0.01)
                yield b"x"

    with pytest.raises(OutcomeUnknownError) as caught:
        send(lambda _: httpx.Response(200, stream=Dripping()), deadline_s=0.2)

    assert caught.value.timed_out


def test_nothing_is_logged(caplog):
    """A look-up's URL holds an e-mail address; the library below would log it."""
    with caplog.at_level(logging.DEBUG), Silent() as server:
        asyncio.run(_plain_send(server.base_url, READ))

    assert "ada" not in caplog.text
    assert "SECRET" not in caplog.text


def test_the_environment_decides_nothing(monkeypatch):
    """A proxy in the environment is used only where it is asked for."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with Silent() as server:
        assert asyncio.run(_plain_send(server.base_url, READ)).status == 200
        asked = WireOptions(use_proxy=True)
        with pytest.raises(NotSentError):
            asyncio.run(_plain_send("http://proxied.example", READ, asked))


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate that nobody signed but itself."""
    folder = tmp_path_factory.mktemp("tls")
    subject = "/CN=localhost"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", subject,
         "-addext", "subjectAltName=DNS:localhost", "-keyout", "key.pem", "-out", "cert.pem"],
        cwd=folder, check=True, capture_output=True,
    )  # fmt: skip
    return folder


def test_a_certificate_that_nobody_vouches_for_stops_everything(certificate):
    """Nothing is sent; with the certificate named in a file it is."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    with Silent(context) as server:
        with pytest.raises(UnusableTargetError):
            asyncio.run(_plain_send(server.base_url, WRITE))
        assert server.requests == 0

        trusting = WireOptions(ca_file=str(certificate / "cert.pem"))
        assert asyncio.run(_plain_send(server.base_url, READ, trusting)).status == 200
        wrong_name = server.base_url.replace("localhost", "127.0.0.1")
        with pytest.raises(UnusableTargetError):
            asyncio.run(_plain_send(wrong_name, READ, trusting))


def test_a_connection_is_used_again_while_it_is_fresh():
    """One connection serves many requests, and as many as are under way at once."""
    with Silent() as server:

        async def some():
            async with Wire(server.base_url) as wire:
                for _ in range(10):
                    await wire.send(READ)
                one = server.connections
                await asyncio.gather(*(wire.send(READ) for _ in range(4)))
                return one

        one = asyncio.run(some())

    assert one == 1
    assert server.connections <= 4


def test_a_broken_connection_is_not_used_again():
    """What failed leaves nothing behind that the next request could stumble over."""
    with Silent() as server:

        async def some():
            options = WireOptions(read_timeout_s=0.2)
            async with Wire(server.base_url, options=options) as wire:
                with pytest.raises(WireError):
                    await wire.send(Request("GET", "/slow"))
                return await wire.send(READ)

        assert asyncio.run(some()).status == 200


class _Raw(httpx.Response):
    """A response whose stream is given out as it is."""

    def __init__(self, status, headers, content):
        class Stream(httpx.AsyncByteStream):
            async def __aiter__(self):
                yield content

        super().__init__(status, headers=headers, stream=Stream())


async def _plain_send(base_url, request, options=None):
    authorization = {"Authorization": "Bearer SECRET-7f3a"}
    async with Wire(base_url, authorization=lambda: authorization, options=options) as wire:
        return await wire.send(request)


class Silent:
    """A real server that answers everything with `{}`, says nothing, and counts."""

    def __init__(self, context=None):
        outer = self
        self.requests = self.connections = 0

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self):
                outer.connections += 1
                super().setup()

            def do_GET(self):
                outer.requests += 1
                if self.path == "/slow":
                    threading.Event().wait(0.6)
                length = int(self.headers.get("content-length", 0))
                self.rfile.read(length)
                self.send_response(200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            do_POST = do_GET  # noqa: N815 - the server's word

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            def handle_error(self, *_):
                pass

        self._server = Server(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        if context:
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        scheme, host = ("https", "localhost") if context else ("http", "127.0.0.1")
        self.base_url = f"{scheme}://{host}:{self._server.server_port}"

    def __enter__(self):
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
