"""No bytes whatever make the reader fail in a way of its own."""

import contextlib

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bulkload.errors import BadInputError
from bulkload.sources import SourceOptions, open_source
from tests.sources.workbooks import simple_rows, write_workbook

NAMES = st.sampled_from(["a.csv", "a.ndjson", "a.csv.gz", "a.parquet", "a"])
HEADS = st.sampled_from(
    (
        *(b"", b"\x1f\x8b\x08\x00", b"\x28\xb5\x2f\xfd", b"PAR1", b"\xff\xfe", b"\xef\xbb\xbf"),
        *(b"sep=;\n", b"a,b\n1,2\n", b'{"a":1}\n', b"a\tb\r\n", b'"a', b"PK"),
    )
)


def read_or_refuse(path):
    """Read everything; a sentence for people is the only other way out."""
    with (
        contextlib.suppress(BadInputError),
        open_source(path, SourceOptions(time_s=9.0)) as source,
    ):
        for batch in source.batches():
            assert batch.rows.columns == ["row_number", *source.headers]
        assert all(finding.count >= 0 for finding in source.findings)


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(NAMES, HEADS, st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(tmp_path, name, head, rest):
    """Whatever a file holds, it is read, or refused with a sentence."""
    path = tmp_path / name
    path.write_bytes(head + rest)
    read_or_refuse(path)


@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(st.floats(0, 0.999), st.binary(min_size=1, max_size=4)), max_size=4))
def test_a_damaged_workbook_is_read_or_refused(tmp_path, damage):
    """Bytes overwritten anywhere in a workbook end in rows or in a sentence."""
    path = write_workbook(tmp_path / "a.xlsx", simple_rows(20))
    content = bytearray(path.read_bytes())
    for share, bytes_ in damage:
        at = int(share * len(content))
        content[at : at + len(bytes_)] = bytes_
    path.write_bytes(bytes(content))
    read_or_refuse(path)
