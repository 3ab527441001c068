"""Mappings that come with bulkload, and the one that fits a file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from bulkload.errors import BulkloadError, did_you_mean
from bulkload.mapping import loading
from bulkload.mapping.columns import Fit, fit
from bulkload.mapping.loading import MappingDocument

_IN_WHEEL = Path(__file__).parent / "shipped"
_IN_CHECKOUT = Path(__file__).parent.parent.parent / "mappings"
_CONNECTOR = re.compile(rb"^connector: *([a-z]+) *\r?$", re.MULTILINE)


def shipped_mappings() -> dict[str, Path]:
    """Return the mappings that come with bulkload, by name."""
    folder = _IN_WHEEL if _IN_WHEEL.is_dir() else _IN_CHECKOUT
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}


def find_named(name: str | Path) -> Path:
    """Return the file that a person names: a path, or the name of a shipped mapping.

    Raises:
        BulkloadError: There is neither; names the closest shipped mapping.
    """
    path = Path(name)
    if path.suffix or len(path.parts) != 1 or path.exists():
        return path
    shipped = shipped_mappings()
    local = {found.stem: found for found in local_mappings(Path())}
    known = {**shipped, **local}
    if str(name) in known:
        return known[str(name)]
    raise BulkloadError(
        f"there is no mapping `{name}`",
        fix=f"{did_you_mean(str(name), known)}`bulkload mapping list` shows those that come with bulkload",
    )


def load_mapping(name: str | Path) -> MappingDocument:
    """Load a mapping by its file or by the name of a shipped one.

    Raises:
        BulkloadError: With file:line:column and the closest valid word.
    """
    return loading.load_mapping(find_named(name))


def local_mappings(folder: Path) -> list[Path]:
    """Return the mappings in a folder and in its `mappings/`."""
    found = [*folder.glob("*.yaml"), *folder.glob("mappings/*.yaml")]
    return sorted(path for path in found if path.name != "bulkload.yaml")


def find_mapping(headers: Sequence[str], *, connector: str, folder: Path | None = None) -> Path:
    """Return the mapping whose columns fit all headers: a local one first, then a shipped one.

    Args:
        headers: The source's headers.
        connector: The system that is to receive the customers.
        folder: Where local mappings are looked for; the working directory by default.

    Raises:
        BulkloadError: None fits; names the closest one and what does not fit.
    """
    local = local_mappings(folder or Path())
    near = {path.resolve() for path in local}
    shipped = [path for path in shipped_mappings().values() if path.resolve() not in near]
    closest: tuple[int, Path, Fit] | None = None
    for paths in (local, shipped):
        fitting: list[tuple[int, str, Path]] = []
        for path in paths:
            document = _loaded(path, connector)
            if document is None:
                continue
            found = fit(document.rules, headers)
            if found.complete and found.used:
                fitting.append((-len(found.used), document.name, path))
            elif closest is None or found.faults < closest[0]:
                closest = (found.faults, path, found)
        if fitting:
            return min(fitting)[2]
    raise _nothing_fits(headers, connector, closest)


def _loaded(path: Path, connector: str) -> MappingDocument | None:
    """Return a mapping if it is one and may be for this system."""
    try:
        # Reading YAML takes its time; a line at the margin is a key of the file itself.
        said = _CONNECTOR.search(path.read_bytes())
        if said is not None and said[1].decode() != connector:
            return None
        document = load_mapping(path)
    except (BulkloadError, OSError):
        # Any YAML file may lie around; one that is named with --mapping gets its error told.
        return None
    return document if document.connector in {None, connector} else None


def _nothing_fits(
    headers: Sequence[str], connector: str, closest: tuple[int, Path, Fit] | None
) -> BulkloadError:
    what = f"no mapping for `{connector}` fits the columns of this file"
    write = "write one with `bulkload mapping init SOURCE`"
    if closest is None or closest[0] >= len(headers):
        return BulkloadError(what, fix=write)
    _, path, found = closest
    faults = [
        f"{label} {', '.join(f'`{name}`' for name in names)}"
        for label, names in (
            ("it needs", found.missing),
            ("it says nothing about", found.unmapped),
            ("it would merge", found.doubled),
        )
        if names
    ]
    return BulkloadError(
        f"{what}; `{path.stem}` comes closest, but {' and '.join(faults)}",
        where=str(path),
        fix=f"{write}, or name one with `--mapping`",
    )
