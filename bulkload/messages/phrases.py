"""What the program says about a run as a whole: one list of phrases per language.

A phrase may use placeholders; numbers are formatted for the language before they are filled in.
"""

from __future__ import annotations

from typing import Any

ENGLISH = {
    "status-created": "created",
    "status-updated": "updated",
    "status-unchanged": "unchanged",
    "status-existing": "there already",
    "status-rejected": "rejected",
    "status-duplicate": "duplicate in the file",
    "status-skipped": "skipped by the mapping",
    "status-failed": "refused by the system",
    "status-review": "to be looked at",
    "status-pending": "not sent yet",
    "status-valid": "can be sent",
    "number": "{value}",
    "thousands": ",",
    "decimal": ".",
    "rows-read": "{rows} rows read from {source}: {parts}.",
    "row-read": "1 row read from {source}: {parts}.",
    "nothing-read": "{source} holds no rows.",
    "dry-run": "This was a dry run: nothing was sent.",
    "all-accepted": "Every row was accepted.",
    "all-valid": "Every row can be sent.",
    "some-need-you": "{rows} rows need you.",
    "one-needs-you": "1 row needs you.",
    "pending-left": "{rows} rows are not sent yet; `bulkload resume` goes on from here.",
    "not-conserved": "The counts do not add up to the rows read. This is a bug in bulkload; please report it with {report}.",
    "delivered-before": "{rows} of these rows were delivered by an earlier run and not sent again.",
    "why": "Why rows were not sent:",
    "cause": "{rows} x {what} (row {row_number})",
    "mended-by": "{mends} of them are mended by this line in the mapping: {line}",
    "more-causes": "and {more} more causes, all in the report.",
    "warnings": "{rows} rows were sent with a warning; the report lists them.",
    "findings": "{number} things about the file are worth a look; the report lists them.",
    "files": "Files:",
    "file-results": "results with the IDs",
    "file-rejects": "rejected rows with their problems",
    "file-workbook": "the workbook to correct",
    "file-html": "the report to read",
    "file-report": "the report for machines",
    "file-metrics": "figures for Prometheus",
    "sheet-problems": "Problems",
    "problems-hint": "{problems} problems in {rows} rows. Click a cell's name to go there, correct it, save, and import this file with bulkload. (The links lead to where the cells were before any sorting.)",
    "problems-cell": "Cell",
    "problems-row": "Row",
    "problems-column": "Column",
    "problems-text": "What stands there",
    "problems-what": "What is wrong",
    "problems-fix": "How to mend it",
    "problems-code": "Code",
    "next-step": "Correct {path}, save it, and run `bulkload import` with it: only what is not delivered yet is sent.",
}

GERMAN = {
    "status-created": "angelegt",
    "status-updated": "geändert",
    "status-unchanged": "unverändert",
    "status-existing": "schon vorhanden",
    "status-rejected": "abgelehnt",
    "status-duplicate": "doppelt in der Datei",
    "status-skipped": "laut Zuordnung ausgelassen",
    "status-failed": "vom System abgewiesen",
    "status-review": "von Hand zu prüfen",
    "status-pending": "noch nicht gesendet",
    "status-valid": "können gesendet werden",
    "number": "{value}",
    "thousands": ".",
    "decimal": ",",
    "rows-read": "{rows} Zeilen aus {source} gelesen: {parts}.",
    "row-read": "1 Zeile aus {source} gelesen: {parts}.",
    "nothing-read": "{source} enthält keine Zeilen.",
    "dry-run": "Das war ein Probelauf: Es wurde nichts gesendet.",
    "all-accepted": "Alle Zeilen wurden angenommen.",
    "all-valid": "Alle Zeilen können gesendet werden.",
    "some-need-you": "{rows} Zeilen brauchen Sie.",
    "one-needs-you": "1 Zeile braucht Sie.",
    "pending-left": "{rows} Zeilen sind noch nicht gesendet; `bulkload resume` macht hier weiter.",
    "not-conserved": "Die Zahlen ergeben zusammen nicht die gelesenen Zeilen. Das ist ein Fehler in bulkload; bitte melden Sie ihn mit {report}.",
    "delivered-before": "{rows} dieser Zeilen hat ein früherer Lauf zugestellt; sie wurden nicht noch einmal gesendet.",
    "why": "Warum Zeilen nicht gesendet wurden:",
    "cause": "{rows} x {what} (Zeile {row_number})",
    "mended-by": "{mends} davon behebt diese Zeile in der Zuordnung: {line}",
    "more-causes": "und {more} weitere Ursachen, alle im Bericht.",
    "warnings": "{rows} Zeilen wurden mit einer Warnung gesendet; der Bericht nennt sie.",
    "findings": "{number} Auffälligkeiten der Datei verdienen einen Blick; der Bericht nennt sie.",
    "files": "Dateien:",
    "file-results": "Ergebnisse mit den IDs",
    "file-rejects": "abgelehnte Zeilen mit ihren Fehlern",
    "file-workbook": "die Arbeitsmappe zum Berichtigen",
    "file-html": "der Bericht zum Lesen",
    "file-report": "der Bericht für Maschinen",
    "file-metrics": "Zahlen für Prometheus",
    "sheet-problems": "Probleme",
    "problems-hint": "{problems} Probleme in {rows} Zeilen. Ein Klick auf den Namen der Zelle führt dorthin; berichtigen, speichern und diese Datei mit bulkload importieren. (Die Verweise führen dorthin, wo die Zellen vor dem Sortieren standen.)",
    "problems-cell": "Zelle",
    "problems-row": "Zeile",
    "problems-column": "Spalte",
    "problems-text": "Was dort steht",
    "problems-what": "Was nicht stimmt",
    "problems-fix": "Wie es zu beheben ist",
    "problems-code": "Code",
    "next-step": "Berichtigen Sie {path}, speichern Sie, und rufen Sie `bulkload import` damit auf: Gesendet wird nur, was noch nicht zugestellt ist.",
}

PHRASES = {"en": ENGLISH, "de": GERMAN}


def phrase(name: str, language: str = "en", **values: Any) -> str:
    """Return a phrase with its values filled in; whole numbers are grouped for the language.

    Raises:
        KeyError: No phrase is called so, or a value is missing.
    """
    shown = {
        key: number(value, language) if isinstance(value, int) else str(value)
        for key, value in values.items()
    }
    return PHRASES.get(language, ENGLISH)[name].format_map(shown)


def number(value: int, language: str = "en") -> str:
    """Return a whole number as people of a language write it."""
    return f"{value:,}".replace(",", PHRASES.get(language, ENGLISH)["thousands"])
