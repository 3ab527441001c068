"""Profiles: who wins, what is refused, and that secrets stay secret."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from bulkload import settings
from bulkload.errors import BulkloadError
from bulkload.settings import ProfileOptions

SECRET = "SECRET-7f3a-canary"  # noqa: S105 - a canary, opens nothing


def written(home: Path, text: str) -> None:
    """Write the user's own bulkload.yaml."""
    (home / "config").mkdir(exist_ok=True)
    (home / "config" / settings.FILE_NAME).write_text(text, "utf-8")


def resolved(
    home: Path, environment: Mapping[str, str] | None = None, **said: str
) -> settings.Profile:
    """Resolve what is said, in an environment that holds nothing else."""
    return settings.resolve(
        ProfileOptions(**said),  # type: ignore[arg-type]
        {"BULKLOAD_CONFIG_DIR": str(home / "config"), **(environment or {})},
    )


def test_the_sandbox_is_the_default(own_home: Path) -> None:
    """Who says nothing sends nothing to a real system."""
    profile = resolved(own_home)

    assert (profile.name, profile.is_sandbox, profile.is_local) == ("sandbox", True, True)


def test_the_nearer_word_wins(
    own_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Flags beat the file in the working directory, which beats the user's, which beats built-ins."""
    monkeypatch.chdir(tmp_path)
    written(own_home, "profiles:\n  shop: {connector: loyaltydog, program: far, rate: 1/s}\n")
    near = "default: shop\nprofiles:\n  shop: {connector: loyaltydog, base_url: 'https://api.loyalty.dog/', program: near}\n"
    (tmp_path / settings.FILE_NAME).write_text(near, "utf-8")

    profile = resolved(own_home, program="flag")

    assert profile.name == "shop"
    assert profile.program == "flag"
    assert profile.rate == ""
    assert profile.base_url == "https://api.loyalty.dog"


def test_a_token_comes_from_the_environment_and_is_never_shown(own_home: Path) -> None:
    """`LOYALTYDOG_API_TOKEN` is enough, and no repr gives it away."""
    profile = resolved(own_home, {"LOYALTYDOG_API_TOKEN": SECRET}, profile="loyaltydog")

    assert profile.secret() == SECRET
    assert SECRET not in repr(profile) + str(profile) + profile.model_dump_json()


def test_a_token_file_overrules_the_environment(own_home: Path, tmp_path: Path) -> None:
    """`--token-file` names the file that holds the bare token."""
    path = tmp_path / "token"
    path.write_text(f"{SECRET}\n", "utf-8")

    profile = resolved(
        own_home, {"LOYALTYDOG_API_TOKEN": "other"}, profile="loyaltydog", token_file=str(path)
    )

    assert profile.secret() == SECRET


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"profiles: {{shop: {{connector: loyaltydog, token: {SECRET}}}}}", id="clear"),
        pytest.param(
            "default: shop\nprofiles: {shop: {connector: loyaltydog, token: '${NO_SUCH}'}}",
            id="unset",
        ),
        pytest.param("profiles: {shop: {conector: loyaltydog}}", id="misspelt"),
        pytest.param("profiles: {shop: {connector: loyaltydog, concurrency: many}}", id="type"),
        pytest.param("profile: {}", id="unknown-word"),
        pytest.param("profiles: [", id="not-yaml"),
    ],
)
def test_a_wrong_settings_file_is_named_with_a_remedy(own_home: Path, text: str) -> None:
    """What cannot be used is said with its place; a secret in it is not repeated."""
    written(own_home, text)

    with pytest.raises(BulkloadError) as caught:
        resolved(own_home)

    assert settings.FILE_NAME in caught.value.where
    assert caught.value.fix
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "allow", "accepted"),
    [
        pytest.param("https://api.loyalty.dog", "", True, id="vendor"),
        pytest.param("https://eu.api.loyalty.dog/", "", True, id="vendor-subdomain"),
        pytest.param("http://127.0.0.1:8080", "", True, id="loopback-v4"),
        pytest.param("http://[::1]:8080", "", True, id="loopback-v6"),
        pytest.param("http://localhost:1", "", True, id="localhost"),
        pytest.param("https://proxy.example.com", "proxy.example.com", True, id="allowed-by-name"),
        pytest.param("https://proxy.example.com", "", False, id="foreign-host"),
        pytest.param("http://api.loyalty.dog", "", False, id="not-encrypted"),
        pytest.param("https://user@api.loyalty.dog", "", False, id="user-name"),
        pytest.param("https://api.loyalty.dog@evil.example", "", False, id="vendor-as-user"),
        pytest.param("https://api.loyalty.dog.evil.example", "", False, id="vendor-as-prefix"),
        pytest.param("https://evilloyalty.dog", "", False, id="vendor-as-suffix"),
        pytest.param("https://169.254.169.254/latest", "", False, id="link-local"),
        pytest.param("https://10.0.0.1", "", False, id="private"),
        pytest.param("http://0x7f000001", "", False, id="hexadecimal-loopback"),
        pytest.param("http://127.1", "", False, id="short-loopback"),
        pytest.param("ftp://api.loyalty.dog", "", False, id="scheme"),
        pytest.param("https://api.loyalty.dog/?a=b", "", False, id="query"),
        pytest.param("https://api.loyalty.dog:99999", "", False, id="port"),
        pytest.param("api.loyalty.dog", "", False, id="no-scheme"),
        pytest.param("https://", "", False, id="no-host"),
        pytest.param("https://loy\u0430lty.dog", "", False, id="cyrillic-letter"),
    ],
)
def test_credentials_go_only_where_they_belong(
    own_home: Path, url: str, allow: str, accepted: bool
) -> None:
    """A base URL is https at the vendor, this machine, or a host that was allowed by name."""
    if accepted:
        resolved(own_home, profile="loyaltydog", base_url=url, allow_host=allow)
        return
    with pytest.raises(BulkloadError) as caught:
        resolved(own_home, profile="loyaltydog", base_url=url, allow_host=allow)
    assert caught.value.fix


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("", id="empty"),
        pytest.param("two words", id="space"),
        pytest.param("line\r\nX-Evil: 1", id="header-injection"),
        pytest.param("tökén", id="not-ascii"),
    ],
)
def test_a_token_that_cannot_stand_in_a_header_is_refused(
    own_home: Path, tmp_path: Path, content: str
) -> None:
    """The sentence names the file and never repeats what is in it."""
    path = tmp_path / "token"
    path.write_text(content, "utf-8")
    profile = resolved(own_home, profile="loyaltydog", token_file=str(path))

    with pytest.raises(BulkloadError) as caught:
        profile.secret()

    assert caught.value.fix
    assert not content or content not in str(caught.value)


def test_two_targets_never_share_a_journal(own_home: Path) -> None:
    """What one program knows says nothing about another."""
    paths = {
        settings.journal_path(resolved(own_home, profile="loyaltydog", program=p, base_url=u))
        for p in ("a", "b", "a/b", "a_b")
        for u in ("http://127.0.0.1:1", "http://127.0.0.1:2")
    }

    assert len(paths) == 8


def test_a_variable_is_needed_only_by_the_profile_that_is_used(own_home: Path) -> None:
    """Another shop's missing token stops nobody else."""
    written(own_home, "profiles: {shop: {connector: loyaltydog, token: '${NO_SUCH}'}}")

    assert resolved(own_home).name == "sandbox"
    with pytest.raises(BulkloadError, match="NO_SUCH"):
        resolved(own_home, profile="shop")
