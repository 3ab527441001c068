"""English."""

from bulkload.messages.entry import Message

MESSAGES: dict[str, Message] = {
    "duplicate-in-file": Message(
        what='Row {row_number} names the same customer as row {first_row}: {field} is "{cell}" in both',
        fix="Keep one of the two rows, or give this customer an own e-mail and phone",
        cause="The same person stands in the list twice, or two people share one contact",
    ),
}
