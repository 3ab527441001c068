"""Leal's errors: a summary, or messages as a list or by field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bulkload.sandbox.calls import Answer, World, json_answer


class RefusedError(Exception):
    """A call that is answered with an error."""

    def __init__(
        self,
        status: int,
        summary: str = "",
        *,
        errors: Mapping[str, Sequence[str]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(summary)
        self.status, self.summary = status, summary
        self.errors = errors
        """Messages by field, without the field's name: `{"email": ["has already been taken"]}`."""
        self.headers = headers or {}

    def answer(self, world: World) -> Answer:
        """Return the body; `errors` in the shape that the switch asks for."""
        body: dict[str, object] = {"error": self.summary} if self.summary else {}
        if self.errors is not None:
            if world.options.leal.errors_shape == "list":
                body["errors"] = [
                    f"{_human(field)} {message}"
                    for field, messages in self.errors.items()
                    for message in messages
                ]
            else:
                body["errors"] = self.errors
        return json_answer(self.status, body, self.headers)


def invalid(**errors: str) -> RefusedError:
    """Return the 422 with one message a field."""
    return RefusedError(422, errors={field: [message] for field, message in errors.items()})


def not_found(what: str) -> RefusedError:
    """Return the 404."""
    return RefusedError(404, f"{what} not found or not accessible")


def _human(field: str) -> str:
    return field.replace("_", " ").capitalize()
