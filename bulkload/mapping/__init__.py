"""Mapping: the YAML document that says which column becomes which field.

load_mapping   file -> MappingDocument, checked word by word
bind           MappingDocument + headers + Schema -> BoundMapping
apply          rows -> records, as Polars expressions; never changes number or order of rows
"""

from bulkload.mapping.bound import BoundMapping
from bulkload.mapping.loading import MappingDocument, parse_mapping
from bulkload.mapping.shelf import find_mapping, load_mapping, shipped_mappings

__all__ = [
    "BoundMapping",
    "MappingDocument",
    "find_mapping",
    "load_mapping",
    "parse_mapping",
    "shipped_mappings",
]
