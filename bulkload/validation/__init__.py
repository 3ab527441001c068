"""Records become payloads, or rejects that say why not.

Polars accepts the plain rows in bulk, mends what is mechanical and accepts those; Pydantic judges
the rest. Both give the same verdicts and the same bytes.
"""

from bulkload.validation.judge import Judge, Verdicts, judge_all

__all__ = ["Judge", "Verdicts", "judge_all"]
