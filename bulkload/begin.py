"""The beginning of a run: source, mapping and destination brought together, nothing sent.

A mapping that is not named is found by the headers. A file that `bulkload export` wrote needs none:
its headers tell which system wrote it, and the mapping into the destination follows from that.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from pathlib import Path

from bulkload import reports, settings
from bulkload.destination import Destination, destination
from bulkload.errors import BulkloadError
from bulkload.mapping import (
    MappingDocument,
    find_mapping,
    load_mapping,
    shipped_mappings,
)
from bulkload.options import LoadOptions
from bulkload.planning import Tally, fitted
from bulkload.records import RunReport
from bulkload.run import Run, utc
from bulkload.sources import Source
from bulkload.walk import Walk

_MADE = "made for an export of"


def begin(source: Source, options: LoadOptions) -> Run:
    """Bring source, mapping and destination together; no row is judged or sent yet.

    Raises:
        BulkloadError: They do not fit, or one of them cannot be used.
    """
    wanted = destination(options.target)
    document, found, notes = _mapping(source, options, wanted)
    document.check_connector(wanted.connector.name)
    if document.program:
        wanted = destination(options.target, program=document.program)
    bound = document.bind(source.headers, wanted.connector.schema, source=source.name)
    wanted = fitted(wanted, bound.fields, options.agreed)
    _check_columns(document, source, options)
    started = datetime.now(UTC)
    folder = _folder(options.out, source.name, started)
    report = RunReport(
        run_id=run_id(started),
        verb="validate" if options.dry_run else "import",
        dry_run=options.dry_run,
        started_utc=utc(started),
        source={
            "name": source.name,
            "path": source.path,
            "format": source.format,
            "sha256": "",  # known when all rows have been judged; it is found meanwhile
            "size_bytes": source.size_bytes,
            "headers": list(source.headers),
            "sheet": source.sheet,
            **source.description,
        },
        mapping={
            "name": document.name,
            "path": str(document.path),
            "sha256": document.sha256,
            "found": found,
        },
        profile=wanted.description(),
        notes=notes,
    )
    return Run(
        Walk(source, bound, schema_name=wanted.connector.schema.name),
        wanted,
        folder,
        report,
        Tally(bound.fields),
        options.rendering,
        reports.reject_log(options.rendering),
        options.results_format,
        is_move=found.startswith(_MADE),
    )


def _mapping(
    source: Source, options: LoadOptions, to: Destination
) -> tuple[MappingDocument, str, list[str]]:
    """Return the mapping, how it was found, and what the user should know of it."""
    if options.mapping is not None:
        return load_mapping(options.mapping), "as you said", []
    try:
        path = find_mapping(source.headers, connector=to.connector.name)
    except BulkloadError:
        from bulkload.moved import move_of

        move = move_of(source.headers, to.connector.name)
        if move is None:
            raise
        return load_mapping(move.mapping), f"{_MADE} {move.origin}", move.notes
    return load_mapping(path), "found by the headers", []


def _check_columns(document: MappingDocument, source: Source, options: LoadOptions) -> None:
    """Stop if a mapping of the user's own meets other columns than in its last run.

    Raises:
        SafetyStopError: A column was renamed, vanished or came.
    """
    own = document.path.is_file() and document.path not in shipped_mappings().values()
    if not own or source.own_columns:
        return
    from bulkload.mapping.memory import Memory

    memory = Memory.in_folder(settings.state_dir())
    key = str(document.path.resolve())
    if not options.accept_columns:
        memory.check(key, source.headers, source=source.name)
    memory.remember(key, source.headers)


def _folder(out: str | Path | None, source_name: str, started: datetime) -> Path:
    if out is not None:
        return reports.private_folder(Path(out))
    stem = reports.safe_name(source_name.partition(".")[0])
    # Two runs of one second, of the same file or of its namesake, must not replace each other's.
    return reports.new_private_folder(Path("bulkload-runs") / f"{started:%Y%m%d-%H%M%S}-{stem}")


def run_id(started: datetime) -> str:
    """Return a new id for a run; a run that sends has the journal's instead."""
    return f"{started:%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"
