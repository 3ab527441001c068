"""A file becomes batches of text rows with row numbers; nothing is inferred, repaired or dropped."""

from bulkload.sources.intake import open_source
from bulkload.sources.source import Batch, Malformed, Source, SourceOptions

__all__ = ["Batch", "Malformed", "Source", "SourceOptions", "open_source"]
