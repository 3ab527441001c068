"""The timeline of a run as points of a plot: rate above, latency below."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bulkload.messages.phrases import number, phrase

_LEFT, _WIDTH = 60.0, 790.0
_RATE = (20.0, 150.0)
"""Top and height of the upper part."""
_LATENCY = (194.0, 84.0)
_MAX_BARS = 260
_MAX_ROWS = 60
_FEWEST_BARS = 3


def plot(timeline: Sequence[Mapping[str, float]], language: str) -> dict[str, Any] | None:
    """Return what the template draws, or None without a timeline.

    Args:
        timeline: Entries with at_s, sent, applied, throttled, retried, latency_ms_p50; one a second.
        language: Of the sentence and the numbers.
    """
    if not timeline:
        return None
    end = max(entry.get("at_s", 0.0) for entry in timeline) + 1
    step = max(1, -(-int(end) // _MAX_BARS))
    bins = _bins(timeline, step)
    highest = max([1.0, *(b["applied"] + b["throttled"] + b["retried"] for b in bins)])
    slowest = max([1.0, *(b["latency"] for b in bins)])
    sent, throttled, retried = (
        int(sum(entry.get(name, 0) for entry in timeline))
        for name in ("sent", "throttled", "retried")
    )
    return {
        "is_drawn": len(bins) >= _FEWEST_BARS,
        "sentence": phrase(
            "html-plot-sentence",
            language,
            sent=sent,
            seconds=int(end),
            throttled=throttled,
            retried=retried,
        ),
        "grid": [*_grid(_RATE, highest, language), *_grid(_LATENCY, slowest, language)],
        "bars": [bar for entry in bins for bar in _bars(entry, end, step, highest)],
        "latency": " ".join(
            f"{_x(entry['at'] + step / 2, end):.1f},{_y(_LATENCY, entry['latency'], slowest):.1f}"
            for entry in bins
            if entry["latency"]
        ),
        "ticks": [
            {"x": f"{_x(end * part / 4, end):.0f}", "text": f"{end * part / 4:.0f} s"}
            for part in range(5)
        ],
        "rows": [
            _row(entry, language) for entry in _bins(timeline, max(1, -(-int(end) // _MAX_ROWS)))
        ],
    }


def _bins(timeline: Sequence[Mapping[str, float]], step: int) -> list[dict[str, float]]:
    found: dict[int, dict[str, float]] = {}
    for entry in timeline:
        at = int(entry.get("at_s", 0.0)) // step * step
        into = found.setdefault(
            at, {"at": at, "sent": 0, "applied": 0, "throttled": 0, "retried": 0, "latency": 0}
        )
        for name in ("sent", "applied", "throttled", "retried"):
            into[name] += entry.get(name, 0) / step
        into["latency"] = max(into["latency"], entry.get("latency_ms_p50", 0.0))
    return [found[at] for at in sorted(found)]


def _bars(
    entry: Mapping[str, float], end: float, step: int, highest: float
) -> list[dict[str, str]]:
    bars, below = [], 0.0
    width = max(_WIDTH / end * step - 0.5, 0.5)
    for kind in ("applied", "throttled", "retried"):
        height = entry[kind] / highest * _RATE[1]
        if height:
            bars.append(
                {
                    "kind": kind,
                    "x": f"{_x(entry['at'], end):.1f}",
                    "y": f"{_RATE[0] + _RATE[1] - below - height:.1f}",
                    "width": f"{width:.1f}",
                    "height": f"{height:.1f}",
                }
            )
        below += height
    return bars


def _grid(part: tuple[float, float], highest: float, language: str) -> list[dict[str, Any]]:
    return [
        {"y": round(_y(part, value, highest), 1), "text": number(round(value), language)}
        for value in ((0, highest / 2, highest) if highest >= 2 else (0, highest))  # noqa: PLR2004 - a half of one is no whole number
    ]


def _row(entry: Mapping[str, float], language: str) -> dict[str, str]:
    shown = {
        name: number(round(entry[name]), language) for name in ("sent", "throttled", "retried")
    }
    return shown | {"at": f"{entry['at']:.0f}", "latency": f"{entry['latency']:.0f}"}


def _x(at_s: float, end: float) -> float:
    return _LEFT + at_s / end * _WIDTH


def _y(part: tuple[float, float], value: float, highest: float) -> float:
    return part[0] + part[1] * (1 - value / highest)
