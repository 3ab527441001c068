"""English."""

from bulkload.messages import en_sources
from bulkload.messages.entry import Message

MESSAGES: dict[str, Message] = {
    **en_sources.MESSAGES,
    "duplicate-in-file": Message(
        what='Row {row_number} names the same customer as row {first_row}: {field} is "{cell}" in both',
        fix="Keep one of the two rows, or give this customer an own e-mail and phone",
        cause="The same person stands in the list twice, or two people share one contact",
    ),
    "refused-by-system": Message(
        what="The system refused row {row_number}: {message}",
        fix="Correct what it complains about, and import the row again",
        cause="The system checks more than can be checked from outside",
    ),
    "required-missing": Message(
        what='"{field}" is missing: {column} is empty',
        fix="Fill the cell in",
        cause="The system needs this field for every customer",
    ),
    "contact-missing": Message(
        what="Row {row_number} has no contact: {fields} is needed",
        fix="Fill in one of them, or leave the row out",
        cause="Without a contact the customer can neither be found again nor reached",
    ),
    "action-unknown": Message(
        what='"{action}" is nothing that can be done with a customer',
        fix="Write create, update or upsert",
        example="insert",
    ),
    "skipped-by-mapping": Message(
        what="Row {row_number} is left out by the mapping: {reason}",
        fix="Nothing to do; change the mapping if the row should be sent",
    ),
    "text-too-long": Message(
        what="{column} is longer than {maximum} characters",
        fix="Shorten it",
    ),
    "text-control-character": Message(
        what="{column} holds the control character {character}, which nobody can see",
        fix="Type the text anew, or take the character out with CLEAN() in the spreadsheet",
        cause="It came along with text copied from another program",
    ),
    "text-invisible-character": Message(
        what="{column} holds a character that cannot be seen and may turn or split the text",
        fix="Type the text anew instead of pasting it",
        cause="Zero-width and direction characters come along with text copied from web pages",
    ),
    "email-missing-at": Message(
        what='E-mail "{cell}" has no @',
        fix="Write it as name@example.com",
        example="ada.example.com",
    ),
    "email-with-name": Message(
        what='"{cell}" is a name with an e-mail address',
        fix="Keep only the address between < and >",
        example="Ada <ada@example.com>",
    ),
    "email-several": Message(
        what='"{cell}" has more than one @',
        fix="Keep one address in the cell",
        example="ada@example.com; bob@example.com",
    ),
    "email-space": Message(
        what='E-mail "{cell}" has a space inside',
        fix="Take the space out",
        example="ada @example.com",
    ),
    "email-invisible-character": Message(
        what='E-mail "{cell}" holds a character that cannot be seen ({character})',
        fix="Type the address anew instead of pasting it",
    ),
    "email-no-domain-dot": Message(
        what='E-mail "{cell}" has no dot after the @',
        fix="Complete the domain, such as .com",
        example="ada@gmail",
    ),
    "email-dots": Message(
        what='E-mail "{cell}" has a dot too many',
        fix="Take out the dot that is doubled or stands beside the @",
        example="ada..lovelace@example.com",
    ),
    "email-domain-reserved": Message(
        what='E-mail "{cell}" cannot receive mail: {domain} is no domain of the internet',
        fix="Write the address that the customer uses, or empty the cell",
        example="ada@office.local",
    ),
    "email-too-long": Message(
        what="The e-mail is longer than an address can be (64 characters before the @, 254 in all)",
        fix="Write the customer's address",
    ),
    "email-invalid": Message(
        what='E-mail "{cell}" is not an address',
        fix="Write it as name@example.com",
        example="ada@-example.com",
    ),
    "phone-not-a-number": Message(
        what='Phone "{cell}" is not a number',
        fix="Write it with + and calling code, such as +49 151 12345678, or empty the cell",
        example="call me",
    ),
    "phone-as-number": Message(
        what='Phone "{cell}" was turned into a number by a spreadsheet; digits may be lost',
        fix="Format the column as text and fill the phones in again from where they came",
        cause="Excel reads long digits as a number",
        example="4.915E+11",
    ),
    "phone-no-country": Message(
        what='Phone "{cell}" has no calling code, and the country is not known',
        fix="Begin it with + and the calling code, or name the region in the mapping",
        example="0151 12345678",
    ),
    "phone-unknown-region": Message(
        what='Phone "{cell}" has no calling code, and "{region}" is no country code',
        fix="Write the country with two letters (DE, US), or begin the phone with + and calling code",
    ),
    "phone-unknown-calling-code": Message(
        what='Phone "{cell}" begins with a calling code that no country has',
        fix="Check the digits after the +",
        example="+999 123456",
    ),
    "phone-too-short": Message(
        what='Phone "{cell}" has too few digits for {region}',
        fix="Add the missing digits; the area code is needed, too",
        example="+49 12",
    ),
    "phone-too-long": Message(
        what='Phone "{cell}" has too many digits for {region}',
        fix="Keep one number in the cell and take out digits that do not belong to it",
    ),
    "phone-invalid": Message(
        what='Phone "{cell}" is no number that exists in {region}',
        fix="Check the digits and the country",
        example="+1 999 555 0143",
    ),
    "integer-invalid": Message(
        what='{column}: "{cell}" is not a whole number',
        fix="Write digits only",
        example="many",
    ),
    "integer-fraction": Message(
        what='{column}: "{cell}" has decimals, a whole number is needed',
        fix="Round it, or name the decimal sign in the mapping if these are thousands",
        example="12.5",
    ),
    "integer-too-small": Message(
        what='{column}: "{cell}" is less than {minimum}',
        fix="Write {minimum} or more",
    ),
    "integer-too-large": Message(
        what='{column}: "{cell}" is more than {maximum}',
        fix="Write {maximum} or less",
    ),
    "number-invalid": Message(
        what='{column}: "{cell}" is not a number',
        fix="Write digits, with a point before decimals",
    ),
    "number-ambiguous": Message(
        what='{column}: "{cell}" can be read as two different numbers',
        fix="Say in the mapping which sign parts thousands, or write it without them",
        cause="1,234 is a thousand in some countries and one in others",
        example="52,620",
    ),
    "number-too-small": Message(
        what='{column}: "{cell}" is less than {minimum}',
        fix="Write {minimum} or more",
    ),
    "number-too-large": Message(
        what='{column}: "{cell}" is more than {maximum}',
        fix="Write {maximum} or less",
    ),
    "number-too-precise": Message(
        what='{column}: "{cell}" has more than {maximum} digits; some would be lost',
        fix="Round it",
    ),
    "date-invalid": Message(
        what='{column}: "{cell}" is not a date that can be read',
        fix="Write it as year-month-day, 1990-12-31, or name the order in the mapping",
        example="31/12/1990",
    ),
    "date-not-in-calendar": Message(
        what='{column}: "{cell}" is not in the calendar',
        fix="Check day and month",
        example="1990-02-30",
    ),
    "date-ambiguous": Message(
        what='{column}: "{cell}" can be read as two different days',
        fix="Name the order of day, month and year in the mapping",
        example="03/08/1990",
    ),
    "datetime-invalid": Message(
        what='{column}: "{cell}" is not a date with time',
        fix="Write it as 1990-12-31T23:59:00Z",
    ),
    "boolean-unknown": Message(
        what='{column}: "{cell}" is neither yes nor no',
        fix="Write yes or no, or name the word in the mapping",
        example="maybe",
    ),
    "choice-unknown": Message(
        what='{column}: "{cell}" is none of {choices}',
        fix="Write one of them: {choices}",
    ),
    "value-not-in-map": Message(
        what='{column}: "{cell}" has no entry in the value map of the mapping',
        fix="Add it to the map, or correct the cell",
    ),
    "hex-id-invalid": Message(
        what='{column}: "{cell}" is not an id of 24 digits and letters a to f',
        fix="Copy the id from the system, or empty the cell",
    ),
    "url-invalid": Message(
        what='{column}: "{cell}" is not the address of a web page',
        fix="Write it with https:// in front",
    ),
    "list-invalid": Message(
        what='{column}: "{cell}" is not a list',
        fix='Write it as ["one", "two"], or name the separator in the mapping',
    ),
    "json-invalid": Message(
        what='{column}: "{cell}" is not JSON',
        fix='Write it as {{"name": "value"}}, each name once',
    ),
}
