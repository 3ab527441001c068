# ruff: noqa: T201  # a command prints
"""What is sent for every good row of a file, built and thrown away, in a process of its own.

    python -m tests.benchmarks.payloads customers.csv mapping.yaml

Prints payloads, bad rows and the bytes of all bodies as JSON.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from bulkload.__main__ import set_up


def main() -> None:
    """Judge one file as a run does before it sends."""
    path, mapping = sys.argv[1:3]
    set_up()
    from bulkload.sources import open_source

    with open_source(path) as source:
        source.read_ahead()
        from bulkload.connectors import connector_for
        from bulkload.mapping import load_mapping
        from bulkload.walk import Walk

        schema = connector_for("loyaltydog").schema
        bound = load_mapping(Path(mapping)).bind(source.headers, schema, source=source.name)
        rows = bad = size_bytes = 0
        for judged in Walk(source, bound, schema_name=schema.name).judged(bodies=True):
            rows += judged.verdicts.payloads.height
            bad += len({reject.row_number for reject in judged.problems})
            size_bytes += int(judged.verdicts.payloads["body"].str.len_bytes().sum())
            # It fills memory until the next one is there.
            del judged
    print(json.dumps({"rows": rows, "bad": bad, "bytes": size_bytes}))


if __name__ == "__main__":
    main()
