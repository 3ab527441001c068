"""A file becomes batches of text rows with row numbers; nothing is inferred, repaired or dropped."""

from bulkload.sources.inspection import Inspection, inspect_source
from bulkload.sources.intake import open_source
from bulkload.sources.source import Batch, Malformed, Source, SourceOptions

__all__ = [
    "Batch",
    "Inspection",
    "Malformed",
    "Source",
    "SourceOptions",
    "inspect_source",
    "open_source",
]
