"""Believable people who do not exist: common names, reserved domains, patterned numbers."""

from __future__ import annotations

import random
import unicodedata
from dataclasses import dataclass

DOMAINS = ("example.com", "example.net", "example.org", "mail.example.com", "post.example.net")
"""Reserved for documentation by RFC 2606."""


@dataclass(frozen=True)
class Land:
    """Where a person lives, and how people there write."""

    country: str
    language: str
    first: str
    last: str
    phone: str
    """`#` becomes a digit; the numbers lie in blocks of round numbers or reserved for fiction."""
    notes: tuple[str, ...]


LANDS = (
    Land("Germany", "de", "Anna Lukas Mia Jonas Lea Felix Clara Jürgen Käthe Björn Sabine Uwe",
         "Müller Schmidt Weiß Fischer Köhler Schäfer von_Arnim Groß Brückner Lüdtke",
         "0176 040690##", ("Stammgast, kommt freitags", "Allergie: Nüsse", "möchte keine Post")),
    Land("Austria", "de", "Franz Theresa Leopold Eva Matthias Resi", "Gruber Huber Moser Pichler Ebner",
         "0660 00001##", ("Firmenkunde", 'zahlt "wie immer" bar')),
    Land("Switzerland", "de", "Reto Ursina Beat Nadja Urs", "Meier Keller Brunner Zürcher Frei",
         "076 000 01 ##", ("Abholung jeweils 17:30",)),
    Land("United States", "en", "Olivia Liam Emma Noah Ava Mason Zoe Grace", "Smith Johnson O'Brien McDonald Lee Garcia-Lopez",
         "(202) 555-01##", ("Regular, orders oat flat white", "Birthday coupon sent", "VIP; handle with care")),
    Land("United Kingdom", "en", "Oliver Amelia George Isla Harry Freya", "Taylor Brown Davies Evans Wright Clarke",
         "07400 0001##", ("prefers texts", "met at the spring market")),
    Land("France", "fr", "Chloé Louis Zoë Gaël Hélène Noémie Théo François", "Martin Bernard Lefèvre Dupré d'Aubigné Garçon",
         "06 00 00 01 ##", ("Cliente fidèle, préfère le thé", "À rappeler lundi")),
    Land("Spain", "es", "Lucía Hugo Martín Sofía Íñigo Begoña", "García Fernández Muñoz Ibáñez de_la_Fuente",
         "600 000 1##", ("Pide siempre café con leche", "Cumpleaños: invitar")),
    Land("Italy", "it", "Giulia Leonardo Chiara Niccolò Alessia Matteo", "Rossi Ferrari D'Angelo Esposito Conti",
         "312 000 01##", ("cliente dal 2019", "Senza lattosio")),
    Land("Poland", "pl", "Zofia Łukasz Małgorzata Paweł Święta Jadwiga", "Kowalski Wiśniewska Wójcik Zieliński Dąbrowska",
         "500 000 1##", ("stały klient", "proszę dzwonić po 18")),
    Land("Portugal", "pt", "João Inês Tomás Conceição Rui", "Silva Gonçalves Magalhães Araújo",
         "910 000 1##", ("gosta de pastéis de nata",)),
    Land("Netherlands", "nl", "Sanne Daan Fleur Joost Anouk", "de_Vries van_der_Berg Jansen Bakker",
         "06 1000 01##", ("komt elke zaterdag",)),
)  # fmt: skip

CALLING_CODES = {
    "Germany": "+49", "Austria": "+43", "Switzerland": "+41", "United States": "+1",
    "United Kingdom": "+44", "France": "+33", "Spain": "+34", "Italy": "+39", "Poland": "+48",
    "Portugal": "+351", "Netherlands": "+31",
}  # fmt: skip


def ascii_of(name: str) -> str:
    """Return a name as it stands in an e-mail address."""
    spelled = name.lower()
    for letter, plain in (("ß", "ss"), ("ł", "l"), ("ä", "ae"), ("ö", "oe"), ("ü", "ue")):
        spelled = spelled.replace(letter, plain)
    bare = unicodedata.normalize("NFKD", spelled).encode("ascii", "ignore").decode()
    return "".join(c for c in bare if c.isalnum())


def national_number(land: Land, serial: int) -> str:
    """Return the serial-th number of a country's block."""
    digits = iter(str(serial).zfill(land.phone.count("#"))[-land.phone.count("#") :])
    return "".join(next(digits) if c == "#" else c for c in land.phone)


def e164(land: Land, national: str) -> str:
    """Return a national number with its calling code, as careful people write it."""
    digits = national if land.country == "Italy" else national.removeprefix("0")
    return f"{CALLING_CODES[land.country]} {digits}"


def names(land: Land, chance: random.Random) -> tuple[str, str]:
    """Return a first and a last name."""
    last = chance.choice(land.last.split()).replace("_", " ")
    return chance.choice(land.first.split()), last
