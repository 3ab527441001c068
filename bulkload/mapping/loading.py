"""A mapping file becomes a `MappingDocument`, or an error that names the place and the remedy."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pydantic

from bulkload.errors import BulkloadError
from bulkload.mapping import document as language
from bulkload.mapping import patterns
from bulkload.mapping.complaints import explained, order_of
from bulkload.mapping.places import NodePath, Place
from bulkload.mapping.places import where as place_of
from bulkload.mapping.strict_yaml import MAX_BYTES, read_yaml
from bulkload.records import Schema

if TYPE_CHECKING:
    from bulkload.mapping.bound import BoundMapping

MAX_EXTENDS = 10
"""Files that one mapping may draw on."""

_JOINED = ("fields",)
_APPENDED = ("ignore", "skip_if", "nulls")


@dataclass(frozen=True, slots=True)
class MappingDocument:
    """A mapping as it was loaded: its rules, and where each of them stands."""

    rules: language.Mapping
    path: Path
    sha256: str
    """Over the file and every file that it extends, hexadecimal."""
    places: dict[NodePath, Place] = field(repr=False)

    @property
    def name(self) -> str:
        """Name for reports: what the file says, or the file's own."""
        return self.rules.name or self.path.stem

    @property
    def connector(self) -> str | None:
        """The system that the mapping is for; None if any."""
        return self.rules.connector

    @property
    def program(self) -> str | None:
        """The program or store, if the mapping names one."""
        return self.rules.program

    def where(self, *path: str | int) -> str:
        """Return the place of a node as `file:line:column (fields.email)`."""
        return place_of(self.places, path)

    def check_connector(self, name: str) -> None:
        """Refuse to be used for another system than the one that the mapping is for.

        Raises:
            BulkloadError: `connector:` names another system.
        """
        if self.connector is not None and self.connector != name:
            raise BulkloadError(
                f"the mapping is for `{self.connector}`, but the profile sends to `{name}`",
                where=self.where("connector"),
                fix=f"choose a profile of `{self.connector}` with `--profile`, or another mapping",
            )

    def bind(self, headers: Sequence[str], schema: Schema, *, source: str) -> BoundMapping:
        """Tie the rules to the columns of one source and the fields of one system.

        Args:
            headers: The source's headers, in order.
            schema: What the system accepts.
            source: Name of the source, for errors.

        Raises:
            BulkloadError: A column or field is not there, a column is neither used nor ignored, two
                columns meet in one field, or a rule does not fit its field. Names the place in the
                mapping and the closest match.
        """
        from bulkload.mapping.bound import bind  # polars takes 0.2 s to import, loading needs none

        return bind(self, headers, schema, source=source)


def load_mapping(path: str | Path, *, content: bytes | None = None) -> MappingDocument:
    """Load and check a mapping file.

    Args:
        path: The file; what it extends is looked for beside it.
        content: What to read in place of the file's own text.

    Raises:
        BulkloadError: With file:line:column and the closest valid word.
    """
    path = Path(path)
    data, places, digests = _with_parents(path, (), content=content)
    if not isinstance(data, dict):
        raise BulkloadError(
            "a mapping begins with keys such as `fields:`",
            where=f"{path}:1:1",
            fix="`bulkload mapping init SOURCE` writes one from a file",
        )
    rules = _validated(data, places, path)
    fields = {name: found for name, found in rules.fields.items() if found is not None}
    rules = rules.model_copy(update={"fields": fields})
    patterns.check(rules, lambda at: place_of(places, at))
    digest = hashlib.sha256(b"".join(digests)).hexdigest() if len(digests) > 1 else digests[0].hex()
    return MappingDocument(rules, path, digest, places)


def parse_mapping(text: str, *, file: str = "mapping.yaml") -> MappingDocument:
    """Check a mapping that is not in a file; `extends:` is refused.

    Raises:
        BulkloadError: As `load_mapping`.
    """
    read = read_yaml(text, file=file)
    data = read.data
    if isinstance(data, dict) and data.get("extends") is not None:
        raise BulkloadError(
            "`extends:` needs a file",
            where=place_of(read.places, ("extends",)),
            fix="save it first",
        )
    if not isinstance(data, dict):
        raise BulkloadError(
            "a mapping begins with keys such as `fields:`", where=f"{file}:1:1", fix="add `fields:`"
        )
    rules = _validated(data, read.places, Path(file))
    fields = {name: found for name, found in rules.fields.items() if found is not None}
    rules = rules.model_copy(update={"fields": fields})
    patterns.check(rules, lambda at: place_of(read.places, at))
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return MappingDocument(rules, Path(file), digest, read.places)


def _bytes_of(path: Path, where: str) -> bytes:
    try:
        if path.is_file() and path.stat().st_size > MAX_BYTES:
            size = path.stat().st_size
            raise BulkloadError(
                f"the mapping has {size:,} bytes, more than {MAX_BYTES:,}",
                where=str(path),
                fix="a mapping holds rules, not rows; is this the source?",
            )
        return path.read_bytes()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise BulkloadError(
            f"the mapping `{path}` cannot be read: {reason}",
            where=where,
            fix="check the name; `bulkload mapping list` shows the mappings that come with bulkload",
        ) from None


def _with_parents(
    path: Path, children: tuple[Path, ...], where: str = "", *, content: bytes | None = None
) -> tuple[Any, dict[NodePath, Place], list[bytes]]:
    """Read a file and what it extends; the nearer file wins."""
    content = _bytes_of(path, where) if content is None else content
    read = read_yaml(content, file=str(path))
    digests = [hashlib.sha256(content).digest()]
    if not isinstance(read.data, dict) or "extends" not in read.data:
        return read.data, read.places, digests
    named = read.data["extends"]
    here = (*children, path.resolve())
    merged: dict[str, Any] = {}
    places: dict[NodePath, Place] = {}
    for name in named if isinstance(named, list) else [named]:
        at = place_of(read.places, ("extends",))
        if not isinstance(name, str) or not name:
            raise BulkloadError(
                "`extends` takes names of files", where=at, fix="write `extends: base.yaml`"
            )
        parent = path.parent / name
        if parent.resolve() in here:
            raise BulkloadError(
                f"`{parent}` extends itself, directly or through other files",
                where=at,
                fix="remove one of the `extends:` lines",
            )
        if len(here) > MAX_EXTENDS:
            raise BulkloadError(
                f"more than {MAX_EXTENDS} files extend one another",
                where=at,
                fix="join some of them",
            )
        data, parent_places, parent_digests = _with_parents(parent, here, at)
        digests += parent_digests
        if isinstance(data, dict):
            merged, places = _merged((merged, places), (data, parent_places))
    own = {key: value for key, value in read.data.items() if key != "extends"}
    merged.pop("name", None)
    merged, places = _merged((merged, places), (own, read.places))
    return merged, places, digests


def _merged(
    base: tuple[dict[str, Any], dict[NodePath, Place]],
    nearer: tuple[dict[str, Any], dict[NodePath, Place]],
) -> tuple[dict[str, Any], dict[NodePath, Place]]:
    """Lay the nearer rules over the base: fields by name, lists of rows and columns joined."""
    data, places = dict(base[0]), dict(base[1])
    places[()] = nearer[1][()]
    for key, value in nearer[0].items():
        old = data.get(key)
        shift = 0
        replaced: list[NodePath] = [(key,)]
        if key in _JOINED and isinstance(old, dict) and isinstance(value, dict):
            data[key] = old | value
            replaced = [(key, name) for name in value]
        elif key in _APPENDED and isinstance(old, list) and isinstance(value, list):
            data[key] = old + value
            shift, replaced = len(old), []
        else:
            data[key] = value
        gone = tuple(at for at in places for start in replaced if at[: len(start)] == start)
        for at in gone:
            del places[at]
        for at, place in nearer[1].items():
            if at[:1] == (key,):
                moved = at
                if shift and len(at) > 1 and isinstance(at[1], int):
                    moved = (key, at[1] + shift, *at[2:])
                places[moved] = place
    return data, places


def _validated(data: dict[str, Any], places: dict[NodePath, Place], path: Path) -> language.Mapping:
    try:
        return language.Mapping.model_validate(data)
    except pydantic.ValidationError as error:
        problems = error.errors(include_url=False, include_context=True)
        first = min(problems, key=lambda problem: order_of(problem, data, places))
        what, fix, at = explained(first, data)
        if len(problems) > 1:
            fix = f"{fix} ({len(problems) - 1} more to mend after it)".strip()
        raise BulkloadError(what, where=place_of(places, at), fix=fix) from None
    except RecursionError:
        raise BulkloadError(
            "the mapping is nested too deeply", where=f"{path}:1:1", fix="simplify it"
        ) from None
