"""Deutsch."""

from bulkload.messages import de_sources
from bulkload.messages.entry import Message

MESSAGES: dict[str, Message] = {
    **de_sources.MESSAGES,
    "duplicate-in-file": Message(
        title="Doppelt in der Datei",
        what="Zeile {row_number} nennt denselben Kunden wie Zeile {first_row}: {field} ist in beiden „{cell}“",
        fix="Eine der beiden Zeilen behalten, oder diesem Kunden eine eigene E-Mail und ein eigenes Telefon geben",
        cause="Dieselbe Person steht zweimal in der Liste, oder zwei teilen sich einen Kontakt",
    ),
    "refused-by-system": Message(
        title="Vom System abgewiesen",
        what="Das System hat Zeile {row_number} abgewiesen: {message}",
        fix="Berichtigen, was es beanstandet, und die Zeile noch einmal importieren",
        cause="Das System prüft mehr, als sich von außen prüfen lässt",
    ),
    "required-missing": Message(
        title="Pflichtfeld fehlt",
        what="„{field}“ fehlt: {column} ist leer",
        fix="Die Zelle ausfüllen",
        cause="Das System braucht dieses Feld bei jedem Kunden",
    ),
    "contact-missing": Message(
        title="Kein Kontakt",
        what="Zeile {row_number} hat keinen Kontakt: {fields} wird gebraucht",
        fix="Eines davon ausfüllen, oder die Zeile weglassen",
        cause="Ohne Kontakt lässt sich der Kunde weder wiederfinden noch erreichen",
    ),
    "action-unknown": Message(
        title="Unbekannte Anweisung",
        what="„{action}“ lässt sich mit einem Kunden nicht tun",
        fix="create, update oder upsert schreiben",
        example="insert",
    ),
    "skipped-by-mapping": Message(
        title="Laut Zuordnung ausgelassen",
        what="Zeile {row_number} lässt die Zuordnung aus: {reason}",
        fix="Nichts zu tun; soll die Zeile gesendet werden, die Zuordnung ändern",
    ),
    "text-too-long": Message(
        title="Text zu lang",
        what="{column} ist länger als {maximum} Zeichen",
        fix="Den Text kürzen",
    ),
    "text-control-character": Message(
        title="Steuerzeichen im Text",
        what="{column} enthält das Steuerzeichen {character}, das niemand sehen kann",
        fix="Den Text neu tippen, oder das Zeichen in der Tabelle mit SÄUBERN() entfernen",
        cause="Es kam mit Text aus einem anderen Programm",
    ),
    "text-invisible-character": Message(
        title="Unsichtbares Zeichen im Text",
        what="{column} enthält ein Zeichen, das man nicht sieht und das den Text wenden oder teilen kann",
        fix="Den Text neu tippen, statt ihn einzufügen",
        cause="Zeichen ohne Breite und Richtungszeichen kommen mit Text aus Webseiten",
    ),
    "email-missing-at": Message(
        title="E-Mail ohne @",
        what="Die E-Mail „{cell}“ hat kein @",
        fix="So schreiben: name@example.com",
        example="ada.example.com",
    ),
    "email-with-name": Message(
        title="Name bei der E-Mail",
        what="„{cell}“ ist ein Name mit einer E-Mail-Adresse",
        fix="Nur die Adresse zwischen < und > behalten",
        example="Ada <ada@example.com>",
    ),
    "email-several": Message(
        title="Mehrere E-Mails in der Zelle",
        what="„{cell}“ hat mehr als ein @",
        fix="Nur eine Adresse in der Zelle lassen",
        example="ada@example.com; bob@example.com",
    ),
    "email-space": Message(
        title="Leerzeichen in der E-Mail",
        what="Die E-Mail „{cell}“ hat ein Leerzeichen",
        fix="Das Leerzeichen entfernen",
        example="ada @example.com",
    ),
    "email-invisible-character": Message(
        title="Unsichtbares Zeichen in der E-Mail",
        what="Die E-Mail „{cell}“ enthält ein Zeichen, das man nicht sieht ({character})",
        fix="Die Adresse neu tippen, statt sie einzufügen",
    ),
    "email-no-domain-dot": Message(
        title="E-Mail ohne Endung",
        what="Die E-Mail „{cell}“ hat nach dem @ keinen Punkt",
        fix="Die Domain vervollständigen, etwa mit .de",
        example="ada@gmail",
    ),
    "email-dots": Message(
        title="Punkt zu viel in der E-Mail",
        what="Die E-Mail „{cell}“ hat einen Punkt zu viel",
        fix="Den Punkt entfernen, der doppelt oder neben dem @ steht",
        example="ada..lovelace@example.com",
    ),
    "email-domain-reserved": Message(
        title="E-Mail ohne Empfang",
        what="Die E-Mail „{cell}“ kann nichts empfangen: {domain} ist keine Domain des Internets",
        fix="Die Adresse eintragen, die der Kunde benutzt, oder die Zelle leeren",
        example="ada@office.local",
    ),
    "email-too-long": Message(
        title="E-Mail zu lang",
        what="Die E-Mail ist länger, als eine Adresse sein kann (64 Zeichen vor dem @, 254 im Ganzen)",
        fix="Die Adresse des Kunden eintragen",
    ),
    "email-invalid": Message(
        title="Keine E-Mail-Adresse",
        what="„{cell}“ ist keine E-Mail-Adresse",
        fix="So schreiben: name@example.com",
        example="ada@-example.com",
    ),
    "phone-not-a-number": Message(
        title="Telefon ist keine Nummer",
        what="Das Telefon „{cell}“ ist keine Nummer",
        fix="Mit + und Landesvorwahl schreiben, etwa +49 151 12345678, oder die Zelle leeren",
        example="bitte anrufen",
    ),
    "phone-as-number": Message(
        title="Telefon als Zahl",
        what="Das Telefon „{cell}“ hat eine Tabellenkalkulation in eine Zahl verwandelt; Ziffern können fehlen",
        fix="Die Spalte als Text formatieren und die Nummern noch einmal von dort holen, woher sie kamen",
        cause="Excel liest lange Ziffernfolgen als Zahl",
        example="4.915E+11",
    ),
    "phone-no-country": Message(
        title="Telefon ohne Land",
        what="Das Telefon „{cell}“ hat keine Landesvorwahl, und das Land ist nicht bekannt",
        fix="Mit + und Landesvorwahl beginnen, oder das Land in der Zuordnung nennen",
        example="0151 12345678",
    ),
    "phone-unknown-region": Message(
        title="Unbekanntes Land beim Telefon",
        what="Das Telefon „{cell}“ hat keine Landesvorwahl, und „{region}“ ist kein Landeskürzel",
        fix="Das Land mit zwei Buchstaben schreiben (DE, US), oder das Telefon mit + und Landesvorwahl",
    ),
    "phone-unknown-calling-code": Message(
        title="Unbekannte Landesvorwahl",
        what="Das Telefon „{cell}“ beginnt mit einer Vorwahl, die kein Land hat",
        fix="Die Ziffern nach dem + prüfen",
        example="+999 123456",
    ),
    "phone-too-short": Message(
        title="Telefon zu kurz",
        what="Das Telefon „{cell}“ hat zu wenige Ziffern für {region}",
        fix="Die fehlenden Ziffern ergänzen; auch die Ortsvorwahl gehört dazu",
        example="+49 12",
    ),
    "phone-too-long": Message(
        title="Telefon zu lang",
        what="Das Telefon „{cell}“ hat zu viele Ziffern für {region}",
        fix="Nur eine Nummer in der Zelle lassen und fremde Ziffern entfernen",
    ),
    "phone-invalid": Message(
        title="Telefonnummer gibt es nicht",
        what="Das Telefon „{cell}“ ist keine Nummer, die es gibt ({region})",
        fix="Ziffern und Land prüfen",
        example="+1 999 555 0143",
    ),
    "integer-invalid": Message(
        title="Keine ganze Zahl",
        what="{column}: „{cell}“ ist keine ganze Zahl",
        fix="Nur Ziffern schreiben",
        example="viele",
    ),
    "integer-fraction": Message(
        title="Zahl mit Nachkommastellen",
        what="{column}: „{cell}“ hat Nachkommastellen, gebraucht wird eine ganze Zahl",
        fix="Runden, oder das Dezimalzeichen in der Zuordnung nennen, falls es Tausender sind",
        example="12.5",
    ),
    "integer-too-small": Message(
        title="Zahl zu klein",
        what="{column}: „{cell}“ ist weniger als {minimum}",
        fix="{minimum} oder mehr schreiben",
    ),
    "integer-too-large": Message(
        title="Zahl zu groß",
        what="{column}: „{cell}“ ist mehr als {maximum}",
        fix="{maximum} oder weniger schreiben",
    ),
    "number-invalid": Message(
        title="Keine Zahl",
        what="{column}: „{cell}“ ist keine Zahl",
        fix="Ziffern schreiben, mit einem Punkt vor den Nachkommastellen",
    ),
    "number-ambiguous": Message(
        title="Mehrdeutige Zahl",
        what="{column}: „{cell}“ lässt sich als zwei verschiedene Zahlen lesen",
        fix="In der Zuordnung sagen, welches Zeichen Tausender trennt, oder es weglassen",
        cause="1,234 ist in manchen Ländern tausend und in anderen eins",
        example="52,620",
    ),
    "number-too-small": Message(
        title="Zahl zu klein",
        what="{column}: „{cell}“ ist weniger als {minimum}",
        fix="{minimum} oder mehr schreiben",
    ),
    "number-too-large": Message(
        title="Zahl zu groß",
        what="{column}: „{cell}“ ist mehr als {maximum}",
        fix="{maximum} oder weniger schreiben",
    ),
    "number-too-precise": Message(
        title="Zahl zu genau",
        what="{column}: „{cell}“ hat mehr als {maximum} Ziffern; einige gingen verloren",
        fix="Runden",
    ),
    "date-invalid": Message(
        title="Kein Datum",
        what="{column}: „{cell}“ ist kein lesbares Datum",
        fix="Als Jahr-Monat-Tag schreiben, 1990-12-31, oder die Reihenfolge in der Zuordnung nennen",
        example="31/12/1990",
    ),
    "date-not-in-calendar": Message(
        title="Nicht im Kalender",
        what="{column}: „{cell}“ steht in keinem Kalender",
        fix="Tag und Monat prüfen",
        example="1990-02-30",
    ),
    "date-ambiguous": Message(
        title="Mehrdeutiges Datum",
        what="{column}: „{cell}“ lässt sich als zwei verschiedene Tage lesen",
        fix="Die Reihenfolge von Tag, Monat und Jahr in der Zuordnung nennen",
        example="03/08/1990",
    ),
    "datetime-invalid": Message(
        title="Kein Zeitpunkt",
        what="{column}: „{cell}“ ist kein Datum mit Uhrzeit",
        fix="So schreiben: 1990-12-31T23:59:00Z",
    ),
    "boolean-unknown": Message(
        title="Weder ja noch nein",
        what="{column}: „{cell}“ ist weder ja noch nein",
        fix="yes oder no schreiben, oder das Wort in der Zuordnung nennen",
        example="vielleicht",
    ),
    "choice-unknown": Message(
        title="Unbekannter Wert",
        what="{column}: „{cell}“ ist keines von {choices}",
        fix="Eines davon schreiben: {choices}",
    ),
    "value-not-in-map": Message(
        title="Wert nicht in der Zuordnung",
        what="{column}: „{cell}“ kommt in der Werteliste der Zuordnung nicht vor",
        fix="Den Wert dort aufnehmen, oder die Zelle berichtigen",
    ),
    "hex-id-invalid": Message(
        title="Keine ID",
        what="{column}: „{cell}“ ist keine ID aus 24 Ziffern und Buchstaben von a bis f",
        fix="Die ID aus dem System kopieren, oder die Zelle leeren",
    ),
    "url-invalid": Message(
        title="Keine Webadresse",
        what="{column}: „{cell}“ ist keine Adresse einer Webseite",
        fix="Mit https:// am Anfang schreiben",
    ),
    "list-invalid": Message(
        title="Keine Liste",
        what="{column}: „{cell}“ ist keine Liste",
        fix='Als ["eins", "zwei"] schreiben, oder das Trennzeichen in der Zuordnung nennen',
    ),
    "json-invalid": Message(
        title="Kein JSON",
        what="{column}: „{cell}“ ist kein JSON",
        fix='Als {{"name": "wert"}} schreiben, jeden Namen einmal',
    ),
}
