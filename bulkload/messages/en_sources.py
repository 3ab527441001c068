"""English, for what reading a source brings up: rows that cannot be cut, and traces of damage."""

from bulkload.messages.entry import Message

MESSAGES: dict[str, Message] = {
    "row-too-short": Message(
        title="Too few cells in the row",
        what="Row {row_number} has {found} cells instead of {expected}",
        fix="Put the missing delimiter back, or quote cells that contain line breaks",
        cause="A delimiter was lost, or a line break inside a cell is not quoted",
        example="Ada,ada@example.com under four headers",
    ),
    "row-too-long": Message(
        title="Too many cells in the row",
        what="Row {row_number} has {found} cells instead of {expected}",
        fix='Quote the cell that contains the delimiter: "Smith, John"',
        cause="A cell contains the delimiter and is not quoted",
        example="Ada,Lovelace, Countess,ada@example.com",
    ),
    "quote-unclosed": Message(
        title="Open quote",
        what="Row {row_number} opens a quote that it does not close",
        fix="Close the quote, or take it away",
        cause="A quotation mark was typed into a cell and written out without doubling",
        example='"Ada,ada@example.com',
    ),
    "quote-misplaced": Message(
        title="Quote inside a cell",
        what="Row {row_number} has a quotation mark in the middle of a cell",
        fix='Quote the whole cell and double the mark inside: "Dwayne ""Rock"" Johnson"',
        cause="The program that wrote the file does not quote cells",
        example='Dwayne "Rock" Johnson"',
    ),
    "nul-byte": Message(
        title="NUL byte",
        what="Row {row_number} contains a NUL byte, which no text has",
        fix="Type the row again, or export the file again",
        cause="The file was damaged, or is no text file",
        example="Ada\x00",
    ),
    "undecodable": Message(
        title="Unreadable bytes",
        what="Row {row_number} contains bytes that are no characters in the file's encoding",
        fix="Correct the cell with the sign \N{REPLACEMENT CHARACTER}, or name the right --encoding",
        cause="Parts of the file come from programs with different encodings",
        example="Z\N{REPLACEMENT CHARACTER}e",
    ),
    "cell-too-large": Message(
        title="Cell too large",
        what="Row {row_number} has a cell of {found} bytes; at most {limit} are read",
        fix="Shorten the cell, or raise --max-cell-bytes",
        cause="A picture or a whole document was pasted into a cell",
        example="a cell of 2 MB",
    ),
    "row-too-large": Message(
        title="Row too large",
        what="Row {row_number} is longer than {limit} bytes",
        fix="Shorten the row, or raise --max-row-bytes",
        cause="Line ends are missing, or a document was pasted into a cell",
        example="a line of 20 MB",
    ),
    "cell-without-header": Message(
        title="Text without a header",
        what="Row {row_number} has text in a column without a header",
        fix="Give the column a header, or delete the text",
        cause="A note was typed beside the table",
        example="call back! in the column after the last header",
    ),
    "cell-error": Message(
        title="Error value in the cell",
        what='{column}: the cell holds the error "{cell}" instead of a value',
        fix="Correct the formula in the workbook, or type the value",
        cause="A formula points to a cell that is gone, or looks up what is not there",
        example="#N/A",
    ),
    "formula-without-value": Message(
        title="Formula without a value",
        what="{column}: formula without value; the workbook was never calculated",
        fix="Open the workbook in a spreadsheet and save it, or paste the values",
        cause="A program wrote the formula and no spreadsheet has calculated it since",
        example='=A2&"@example.com"',
    ),
    "line-not-an-object": Message(
        title="Not a JSON object",
        what="Row {row_number} is not a JSON object",
        fix='Write one object a line: {{"email": "ada@example.com"}}',
        cause="The line is cut off, or holds a list or a bare value",
        example='["ada@example.com"]',
    ),
    "header-cleaned": Message(
        what='The header "{column}" had invisible characters or line breaks, which were left out',
        fix="Nothing has to be done; mappings name it without them",
    ),
    "header-blank": Message(
        what="A column has no header and is called {column}",
        fix="Give it a header, or name it under ignore: in the mapping",
    ),
    "header-duplicate": Message(
        what='The header "{examples}" stands there twice; the second one is called "{column}"',
        fix="Give the two columns different headers",
    ),
    "header-reserved": Message(
        what='The header "{examples}" is taken by bulkload; the column is called "{column}"',
        fix="Write the new name in the mapping, or give the column another header",
    ),
    "header-looks-like-data": Message(
        what="The header row looks like a customer: {examples}",
        fix="Add a header row, or read the file with --no-header",
    ),
    "header-width": Message(
        what="The header row has {found} cells, the rows have {expected}",
        fix="Look whether every column stands under its own header",
    ),
    "header-merged": Message(
        what="Headers are merged over several columns ({examples})",
        fix="Give every column its own header",
    ),
    "blank-rows": Message(
        what="{count} rows hold no text at all and were left out",
        one="1 row holds no text at all and was left out",
        fix="Nothing has to be done",
    ),
    "totals-row": Message(
        what="{count} rows look like totals, not like customers: {examples}",
        one="1 row looks like totals, not like a customer: {examples}",
        fix="Delete the totals row, or let the mapping skip it",
    ),
    "scientific-notation": Message(
        what="{column}: {count} numbers were turned into scientific notation ({examples})",
        one="{column}: 1 number was turned into scientific notation ({examples})",
        fix="Format the column as text in the spreadsheet and fetch the numbers again; the last digits are lost",
        cause="A spreadsheet shows long numbers this way and saves to CSV what it shows",
        example="4.915E+11",
    ),
    "decimal-tail": Message(
        what="{column}: {count} numbers end in .0 ({examples})",
        one="{column}: 1 number ends in .0 ({examples})",
        fix="Let the mapping take .0 off the end",
        cause="A program read whole numbers as decimal fractions and wrote them back",
        example="491711234567.0",
    ),
    "zeros-stripped": Message(
        what="{column}: {count} values are shorter than the usual {usual} digits ({examples}); zeros in front seem lost",
        one="{column}: 1 value is shorter than the usual {usual} digits ({examples}); zeros in front seem lost",
        fix="Fetch the column again as text, or let the mapping fill it up with zeros",
        cause="A spreadsheet took codes for numbers",
        example="1067 for the postcode 01067",
    ),
    "digits-lost": Message(
        what="{column}: {count} numbers have more than 15 digits and end in zeros ({examples}); a spreadsheet keeps 15",
        one="{column}: 1 number has more than 15 digits and ends in zeros ({examples}); a spreadsheet keeps 15",
        fix="Fetch the column again as text; the digits cannot be recovered",
        cause="A spreadsheet took card or account numbers for numbers",
        example="4111111111111000",
    ),
    "serial-dates": Message(
        what="{column}: {count} dates are a spreadsheet's day numbers ({examples})",
        one="{column}: 1 date is a spreadsheet's day number ({examples})",
        fix="Format the column as date in the spreadsheet, or let the mapping read day numbers",
        cause="The column was exported without its date format",
        example="32874 for 1990-01-01",
    ),
    "dates-ambiguous": Message(
        what="{column}: no date tells whether the day or the month comes first ({examples})",
        fix="Say in the mapping which comes first",
        example="03/08/1990",
    ),
    "dates-decided": Message(
        what="{column}: dates are written {order}; {examples} settles it",
        fix="Say so in the mapping",
    ),
    "dates-contradict": Message(
        what="{column}: some dates have the day first, others the month ({examples})",
        fix="Correct the column; no order fits all of its dates",
        cause="A spreadsheet with another language read some of the dates and left the others as text",
    ),
    "mixed-types": Message(
        what="{column}: {count} cells are {odd}, the others {usual} ({examples})",
        one="{column}: 1 cell is {odd}, the others {usual} ({examples})",
        fix="Look at these cells; two columns may have been mixed up",
    ),
    "invisible-characters": Message(
        what="{column}: {count} cells contain no-break spaces or invisible characters ({examples})",
        one="{column}: 1 cell contains no-break spaces or invisible characters ({examples})",
        fix="Let the mapping trim the column",
        cause="The cells were copied from a web page",
    ),
    "control-characters": Message(
        what="{column}: {count} cells contain control characters ({examples})",
        one="{column}: 1 cell contains control characters ({examples})",
        fix="Type these cells again",
    ),
    "direction-characters": Message(
        what="{column}: {count} cells contain characters that turn the direction of writing ({examples})",
        one="{column}: 1 cell contains characters that turn the direction of writing ({examples})",
        fix="Type these cells again",
    ),
    "mojibake": Message(
        what="{column}: {count} cells were read in the wrong encoding before ({examples})",
        one="{column}: 1 cell was read in the wrong encoding before ({examples})",
        fix="Export the file again as UTF-8; the original program still has the right text",
        cause="A UTF-8 file was opened as Western and saved",
        example="JosÃ©",
    ),
    "replacement-character": Message(
        what="{column}: {count} cells contain the sign \N{REPLACEMENT CHARACTER}, where a character was lost ({examples})",
        one="{column}: 1 cell contains the sign \N{REPLACEMENT CHARACTER}, where a character was lost ({examples})",
        fix="Export the file again as UTF-8, or correct the cells",
    ),
    "rows-hidden": Message(
        what="{count} rows are hidden or filtered out in the workbook; they are read like the others",
        one="1 row is hidden or filtered out in the workbook; it is read like the others",
        fix="Delete them, or copy the visible rows to a new sheet, if they are not meant",
    ),
    "columns-hidden": Message(
        what="{count} columns are hidden in the workbook; they are read like the others",
        one="1 column is hidden in the workbook; it is read like the others",
        fix="Name those under ignore: that are not meant",
    ),
    "sheets-more": Message(
        what='Only the sheet "{sheet}" was read; the workbook also has {examples}',
        fix="Choose another one with --sheet",
    ),
    "sheets-hidden": Message(
        what="The workbook has hidden sheets: {examples}",
        fix="Choose one with --sheet if it is meant",
    ),
    "numbers-as-shown": Message(
        what="{column}: {count} numbers were read as the workbook shows them ({examples})",
        one="{column}: 1 number was read as the workbook shows it ({examples})",
        fix="Nothing has to be done",
        cause="A number format adds zeros or signs that the cell itself does not hold",
    ),
    "numbers-not-as-shown": Message(
        what="{column}: {count} numbers have the format {format}, which bulkload cannot show; the plain number was read",
        one="{column}: 1 number has the format {format}, which bulkload cannot show; the plain number was read",
        fix="Format the column as text, or compare some of its values",
    ),
    "formats-not-read": Message(
        what="The number formats of this workbook cannot be read: numbers arrive as they are stored, and hidden rows and cells with an error are not told",
        fix="Save it as .xlsx if leading zeros matter",
        cause="The workbook is damaged or written in an unusual way, although its values can be read",
    ),
    "dates-1904": Message(
        what="The workbook counts its days from 1904, as old Macs did; its dates were read that way",
        fix="Compare one date with the spreadsheet",
    ),
    "cells-merged": Message(
        what="{count} cells are merged ({examples}); only the first row of each holds the value",
        one="1 range of cells is merged ({examples}); only its first row holds the value",
        fix="Unmerge them and fill in the value where it belongs",
    ),
}
