"""metrics.prom: the run as figures in Prometheus' text format, for a node exporter's textfile collector.

Source: "Exposition formats", prometheus.io, version 0.0.4.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path

from bulkload.cells import printable
from bulkload.records import RunReport, Status
from bulkload.reports.atomic import write_bytes


def metrics_text(report: RunReport) -> str:
    """Return the figures of a finished run; every name begins with `bulkload_`, every value is a gauge."""
    about = {
        "verb": report.verb,
        "connector": str(report.profile.get("connector", "")),
        "profile": str(report.profile.get("name", "")),
    }
    started, finished = _seconds(report.started_utc), _seconds(report.finished_utc)
    by_status = [(about | {"status": s.value}, float(report.counts[s])) for s in Status]
    problems = [
        (about | {"code": cause.code, "column": cause.column}, float(cause.rows))
        for cause in report.causes
    ]
    sent, throttled, retried = (
        sum(entry.get(name, 0.0) for entry in report.timeline)
        for name in ("sent", "throttled", "retried")
    )
    families: list[tuple[str, str, list[tuple[dict[str, str], float]]]] = [
        ("rows", "Rows read from the source.", [(about, float(report.counts.rows))]),
        ("rows_by_status", "Rows by the status in which they ended.", by_status),
        ("rejected_rows_by_cause", "Rows that were refused, by cause.", problems),
        ("requests", "Requests sent.", [(about, sent)]),
        (
            "requests_throttled",
            "Requests that the system asked to slow down.",
            [(about, throttled)],
        ),
        ("requests_retried", "Requests that were repeated.", [(about, retried)]),
        ("exit_code", "Exit code of the run.", [(about, float(report.exit_code))]),
        ("started_seconds", "When the run started, Unix time.", [(about, started)]),
        ("finished_seconds", "When the run ended, Unix time.", [(about, finished)]),
    ]
    return "".join(
        f"# HELP bulkload_{name} {text}\n# TYPE bulkload_{name} gauge\n"
        + "".join(
            f"bulkload_{name}{_labels(labels)} {value:g}\n"
            if value < 1e6  # noqa: PLR2004 - beyond it, %g would round
            else f"bulkload_{name}{_labels(labels)} {value:.0f}\n"
            for labels, value in samples
        )
        for name, text, samples in families
        if samples
    )


def write_metrics(path: Path | str, report: RunReport) -> None:
    """Write metrics.prom."""
    write_bytes(Path(path), metrics_text(report).encode("utf-8", "backslashreplace"))


def _labels(labels: Mapping[str, str]) -> str:
    spoken: Iterable[str] = (
        f'{name}="{printable(value).translate(_ESCAPES)}"' for name, value in labels.items()
    )
    return "{" + ",".join(spoken) + "}"


_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


def _seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp() if moment else 0.0
