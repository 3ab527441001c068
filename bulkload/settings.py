"""Where to send, with whose credentials, and where files live.

Flags win over environment variables, those over `bulkload.yaml` in the working directory, that over
the one in the user's config directory, and that over the built-in profiles. Secrets come from the
environment or a file, never from argv or a literal in a YAML file, and show as `***` wherever they
are printed.
"""

from __future__ import annotations

import hashlib
import ipaddress
import os
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import platformdirs
import pydantic
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from bulkload.errors import BulkloadError, did_you_mean

FILE_NAME = "bulkload.yaml"
SANDBOX = "sandbox"

_HOSTS = {
    "loyaltydog": ("loyalty.dog",),
    "voucherify": ("voucherify.io",),
    "leal": ("getleal.com",),
}
"""Domains that belong to each vendor; any other host must be allowed by name."""

_TOKEN_VARIABLES = {
    "loyaltydog": "LOYALTYDOG_API_TOKEN",
    "voucherify": "VOUCHERIFY_SECRET_KEY",
    "leal": "LEAL_API_TOKEN",
}
_URL_VARIABLES = {
    "loyaltydog": "LOYALTYDOG_API_URL",
    "voucherify": "VOUCHERIFY_API_URL",
    "leal": "LEAL_API_URL",
}


class Profile(BaseModel):
    """A named place to send to: connector, base URL, program, credentials' source, limits."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    connector: str
    base_url: str = ""
    program: str = ""
    """Program or store; empty where the system has only one or the credentials name it."""
    token: SecretStr | None = None
    token_file: Path | None = None
    username: str = ""
    password: SecretStr | None = None
    app_id: str = ""
    """Voucherify's `X-App-Id`, which goes with the token."""
    rate: str = ""
    """`20/s` or `100/min`; empty: what the system allows."""
    concurrency: Annotated[int, Field(ge=1, le=256)] | None = None
    allow_host: str = ""
    """A host besides the vendor's own to which the credentials may go."""
    options: Mapping[str, str] = Field(default_factory=dict)
    """What only this connector knows, `cluster: eu`."""
    name: str = ""
    where: str = ""
    """File that defines it, for error messages."""

    @property
    def is_sandbox(self) -> bool:
        """Whether the built-in sandbox is meant and bulkload has to start it."""
        return not self.base_url and self.name.startswith(SANDBOX)

    @property
    def is_local(self) -> bool:
        """Whether nothing sent there can leave this machine."""
        return self.is_sandbox or is_loopback(urlsplit(self.base_url).hostname or "")

    def secret(self) -> str:
        """Return the token.

        Raises:
            BulkloadError: There is none, its file cannot be read, or it cannot stand in a header.
        """
        if self.token_file is not None:
            try:
                token = self.token_file.expanduser().read_text("utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                raise BulkloadError(
                    "the token file cannot be read",
                    where=str(self.token_file),
                    fix=f"check that it exists and that you may read it ({type(error).__name__})",
                ) from error
        elif self.token is not None:
            token = self.token.get_secret_value().strip()
        else:
            token = ""
        if not token and not self.password:
            variable = _TOKEN_VARIABLES.get(self.connector, "BULKLOAD_TOKEN")
            raise BulkloadError(
                f"profile `{self.name}` has no token",
                where=self.where or "built-in profile",
                fix=f"set the environment variable {variable}, or name a file with `--token-file`",
            )
        if not (token.isascii() and token.isprintable()) or " " in token:
            raise BulkloadError(
                f"the token of profile `{self.name}` has characters that no token has",
                where=str(self.token_file or self.where or "environment"),
                fix="store the bare token, in one line, without quotes and spaces",
            )
        return token


class _File(BaseModel):
    """The YAML document `bulkload.yaml`."""

    # Most people have no such file.
    model_config = ConfigDict(extra="forbid", defer_build=True)

    default: str = ""
    profiles: dict[str, dict[str, Any]] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ProfileOptions:
    """What the caller says about where to send; None leaves the profile's own word."""

    profile: str | None = None
    program: str | None = None
    base_url: str | None = None
    token_file: str | Path | None = None
    allow_host: str | None = None
    rate: str | None = None
    concurrency: int | None = None


def state_dir() -> Path:
    """Return the directory for journals and the sandbox's data, made with mode 0700."""
    chosen = os.environ.get("BULKLOAD_STATE_DIR") or platformdirs.user_state_dir(
        "bulkload", appauthor=False
    )
    path = Path(chosen)
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def built_in(environment: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Return the profiles that exist without a file."""
    from bulkload.sandbox import credentials as sandbox

    profiles: dict[str, dict[str, Any]] = {
        SANDBOX: {
            "connector": "loyaltydog",
            "token": sandbox.JWT,
            "program": sandbox.PROGRAM_ID,
        },
        "sandbox-voucherify": {
            "connector": "voucherify",
            "token": sandbox.APP_TOKEN,
            "app_id": sandbox.APP_ID,
        },
        "sandbox-leal": {
            "connector": "leal",
            "token": sandbox.LEAL_TOKEN,
            "program": str(sandbox.LEAL_ACCOUNT_ID),
        },
    }
    urls = {
        "loyaltydog": "https://api.loyalty.dog",
        "voucherify": "https://api.voucherify.io",
        "leal": "https://app.getleal.com",
    }
    for connector, base_url in urls.items():
        profiles[connector] = {
            "connector": connector,
            "base_url": environment.get(_URL_VARIABLES[connector]) or base_url,
        }
        if token := environment.get(_TOKEN_VARIABLES[connector]):
            profiles[connector]["token"] = token
    if app_id := environment.get("VOUCHERIFY_APP_ID"):
        profiles["voucherify"]["app_id"] = app_id
    return profiles


def profiles(
    environment: Mapping[str, str] = os.environ,
    *,
    wanted: str | None = None,
    directory: Path | None = None,
) -> tuple[dict[str, Profile], str]:
    """Return every profile by name, and the name of the one that is meant.

    Args:
        environment: Where `${VARIABLE}` is looked up. Only the profile that is meant needs its
            variables to be set.
        wanted: Its name; None: what the environment or a file says, or the sandbox.
        directory: Where the nearer `bulkload.yaml` is looked for; the working directory for None.

    Raises:
        BulkloadError: A file cannot be read, has an unknown word or a secret in clear text.
    """
    config = Path(
        environment.get("BULKLOAD_CONFIG_DIR")
        or platformdirs.user_config_dir("bulkload", appauthor=False)
    )
    paths = (config / FILE_NAME, (directory or Path.cwd()) / FILE_NAME)
    documents = {path: _read(path) for path in paths if path.is_file()}
    said = [document.default for document in documents.values() if document.default]
    name = wanted or environment.get("BULKLOAD_PROFILE") or (said[-1] if said else SANDBOX)
    found = {each: Profile(name=each, **raw) for each, raw in built_in(environment).items()}
    for path, document in documents.items():
        for each, raw in document.profiles.items():
            needed = environment if each == name else defaultdict(str, environment)
            found[each] = _profile(each, raw, path, needed)
    return found, name


def resolve(options: ProfileOptions, environment: Mapping[str, str] = os.environ) -> Profile:
    """Return the profile to use, with the caller's words laid over it, and its address checked.

    Raises:
        BulkloadError: No such profile, or an address to which nothing may be sent.
    """
    known, name = profiles(environment, wanted=options.profile)
    if name not in known:
        raise BulkloadError(
            f"there is no profile `{name}`",
            where="--profile",
            fix=did_you_mean(name, known)
            + f"known: {', '.join(sorted(known))}; others are defined in {FILE_NAME}",
        )
    said = {
        "program": options.program,
        "base_url": options.base_url,
        "token_file": Path(options.token_file) if options.token_file else None,
        "allow_host": options.allow_host,
        "rate": options.rate,
        "concurrency": options.concurrency,
    }
    profile = known[name].model_copy(update={k: v for k, v in said.items() if v is not None})
    if not profile.is_sandbox:
        if not profile.base_url or "cluster" in profile.options:
            from bulkload.connectors import base_url_of

            own = base_url_of(profile.connector, profile.options)
            profile = profile.model_copy(update={"base_url": options.base_url or own})
        profile = profile.model_copy(update={"base_url": checked_url(profile)})
    return profile


def checked_url(profile: Profile) -> str:
    """Return the base URL without a trailing slash, if the credentials may go there.

    Raises:
        BulkloadError: Not https, a user name in it, an address inside a network, a foreign host.
    """
    where = f"base URL of profile `{profile.name}`"
    parts = urlsplit(profile.base_url)
    host = (parts.hostname or "").lower()
    try:
        port = parts.port
    except ValueError:
        port = -1
    if not host or port == -1 or parts.scheme not in ("http", "https"):
        raise BulkloadError(
            f"`{profile.base_url}` is not a web address",
            where=where,
            fix="write it like https://api.loyalty.dog",
        )
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise BulkloadError(
            "the base URL has more than a host and a path", where=where,
            fix="leave out user names, `?` and `#`; credentials come from the environment",
        )  # fmt: skip
    if is_loopback(host):
        return profile.base_url.rstrip("/")
    if parts.scheme != "https":
        raise BulkloadError(
            f"`{profile.base_url}` is not encrypted", where=where,
            fix="use https; plain http is for this machine only",
        )  # fmt: skip
    vendor = any(
        host == domain or host.endswith("." + domain)
        for domain in _HOSTS.get(profile.connector, ())
    )
    if not vendor and host != profile.allow_host.lower():
        raise BulkloadError(
            f"`{host}` does not belong to {profile.connector}",
            where=where,
            fix=f"if the credentials really may go there, say so with `--allow-host {host}`",
        )
    return profile.base_url.rstrip("/")


def is_loopback(host: str) -> bool:
    """Return whether a host name or address, written in full, is this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def sandbox_dir() -> Path:
    """Return the folder of the built-in sandbox; removing it forgets its customers and its journals."""
    folder = state_dir() / SANDBOX
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def journal_path(profile: Profile) -> Path:
    """Return the journal of a profile; two targets never share one."""
    folder = sandbox_dir() if profile.is_sandbox else state_dir() / "journals"
    folder.mkdir(mode=0o700, exist_ok=True)
    parts = (profile.name, urlsplit(profile.base_url).netloc, profile.program)
    name = "-".join(re.sub(r"[^A-Za-z0-9.-]+", "_", part) for part in parts if part)
    digest = hashlib.sha256(repr(parts).encode()).hexdigest()[:8]
    return folder / f"journal-{name[:100]}-{digest}.sqlite"


def journals() -> list[Path]:
    """Return the journals of all profiles that have one."""
    folders = (state_dir() / "journals", sandbox_dir())
    return sorted(path for folder in folders for path in folder.glob("journal-*.sqlite"))


def _read(path: Path) -> _File:
    from bulkload.mapping.strict_yaml import read_yaml

    try:
        text = path.read_bytes()
    except OSError as error:
        raise BulkloadError(
            "the settings cannot be read", where=str(path), fix=f"check its owner and mode ({error.strerror})"
        ) from error  # fmt: skip
    try:
        return _File.model_validate(read_yaml(text, file=str(path)).data or {})
    except pydantic.ValidationError as error:
        raise _explained(error, path, "") from error


def _profile(name: str, raw: dict[str, Any], path: Path, environment: Mapping[str, str]) -> Profile:
    where = f"{path} (profiles.{name})"
    filled: dict[str, Any] = {}
    for word, value in raw.items():
        if word in ("token", "password") and isinstance(value, str) and "${" not in value:
            raise BulkloadError(
                f"`{word}` holds a secret in clear text",
                where=f"{path} (profiles.{name}.{word})",
                fix=f"write `{word}: ${{SHOP_TOKEN}}` and set that environment variable, or use `token_file:`",
            )
        filled[word] = _expanded(value, environment, where) if isinstance(value, str) else value
    try:
        return Profile.model_validate({**filled, "name": name, "where": where})
    except pydantic.ValidationError as error:
        raise _explained(error, path, f"profiles.{name}.") from error


def _expanded(text: str, environment: Mapping[str, str], where: str) -> str:
    def value_of(match: re.Match[str]) -> str:
        variable = match.group(1)
        try:
            return environment[variable]
        except KeyError:
            raise BulkloadError(
                f"the environment variable {variable} is not set",
                where=where,
                fix=f"set it, for example with `read -rs {variable}; export {variable}`",
            ) from None

    return re.sub(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}", value_of, text)


def _explained(error: pydantic.ValidationError, path: Path, prefix: str) -> BulkloadError:
    # The input is left out on purpose: it may hold a secret.
    first = error.errors(include_input=False, include_url=False)[0]
    word = ".".join(str(part) for part in first["loc"])
    known = Profile.model_fields if prefix else _File.model_fields
    if first["type"] == "extra_forbidden":
        return BulkloadError(
            f"`{word}` is not a word of this file",
            where=f"{path} ({prefix}{word})",
            fix=did_you_mean(word, known) + f"known: {', '.join(known)}",
        )
    return BulkloadError(
        f"`{prefix}{word}`: {first['msg'].lower()}", where=str(path), fix="correct the value"
    )


def with_sandbox(profile: Profile, base_url: str) -> Profile:
    """Return the sandbox profile with the address at which its sandbox listens."""
    return profile.model_copy(update={"base_url": base_url})
