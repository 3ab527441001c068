"""One entry of the catalogue."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Message:
    """What is wrong with a row or a column, why that happens, and how to mend it."""

    what: str
    """What is wrong, with the cell's own text: `Phone "{cell}" is too short for {region}`."""
    fix: str
    """What to do, in plain words, with an example."""
    cause: str = ""
    """How it usually comes about, for the reference."""
    example: str = ""
    """A cell that shows it, for the reference."""
    title: str = ""
    """The same in a few words, without any value; if empty, the words of the code."""
    one: str = ""
    """`what` where it is about one cell or row alone; only for sentences with `{count}`."""
