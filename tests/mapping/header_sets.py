"""Forty sets of headers in eight languages, modelled after exports of tills, shops and CRMs.

None was copied from a customer's file: each imitates how a kind of program names its columns (its
abbreviations, its punctuation, its clutter), with cells drawn from a seeded generator. After `=`
stands what the column holds; things that bulkload has no word for begin with a dash and name only
what their cells look like.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

import polars as pl

CODES = {
    "fn": "first_name", "ln": "last_name", "nm": "full_name", "em": "email", "ph": "phone", "mo": "mobile",
    "bd": "birthday", "pt": "points", "sm": "stamps", "cn": "customer_number", "ce": "consent_email",
    "cs": "consent_sms", "la": "language", "co": "country", "ge": "gender", "cy": "company", "st": "street",
    "s2": "street_2", "pc": "postal_code", "ct": "city", "sa": "state", "cr": "created", "lv": "last_visit",
    "sp": "spent", "vi": "visits", "tg": "tags", "no": "note",
}  # fmt: skip

_SETS = """
en|card till, tidy|First Name=fn;Last Name=ln;Email Address=em;Phone Number=ph;Birthday=bd;Company Name=cy;Street Address=st;City=ct;State=sa;Postal Code=pc;Reference ID=cn;Memo=no;Creation Source=-text;Transaction Count=vi;Lifetime Spend=sp;First Visit=cr;Last Visit=lv
en|web shop, long prefixes|Customer ID=cn;First Name=fn;Last Name=ln;Email=em;Accepts Email Marketing=ce;Default Address Address1=st;Default Address City=ct;Default Address Country Code=co;Default Address Zip=pc;Phone=ph;Accepts SMS Marketing=cs;Total Spent=sp;Total Orders=vi;Tax Exempt=-bool;Tags=tg
en|newsletter tool, shouting|EMAIL=em;FNAME=fn;LNAME=ln;BIRTHDAY=bd;MOBILE=mo;OPTIN_IP=-ip;LANGUAGE=la;COUNTRY=co;EUID=-hex
en|home-made list of a cafe|name=nm;e-mail=em;mobile no=mo;dob=bd;loyalty pts=pt;card #=cn;opt in?=ce;comments=no
en|CRM with snake case|contact_id=cn;given_name=fn;family_name=ln;primary_email=em;telephone=ph;organisation=cy;job_title=-text;lead_status=-text;preferred_language=la;created_at=cr
de|Kasse, ordentlich|Kundennr.=cn;Anrede=ge;Vorname=fn;Nachname=ln;Straße=st;PLZ=pc;Ort=ct;Telefon=ph;Handy=mo;E-Mail=em;Geburtsdatum=bd;Punkte=pt;Umsatz=sp;Letzter Besuch=lv;Newsletter=ce;Bemerkung=no
de|Kasse, abgekürzt|KdNr=cn;Name=ln;Vorname=fn;Str.=st;PLZ=pc;Ort=ct;Tel.=ph;Mail=em;Geb.-Datum=bd;Bonuspkt.=pt;Rabatt %=-int
de|Warenwirtschaft|Kunden-Nr=cn;Firma=cy;Ansprechpartner=-name;Straße Nr.=st;Postleitzahl=pc;Stadt=ct;Land=co;Telefonnummer=ph;Emailadresse=em;Kundengruppe=tg;USt-IdNr.=-code;Kunde seit=cr
de|Bonuskarten-App|Karten-Nr.=cn;Kunde=nm;E-Mail-Adresse=em;Mobilnummer=mo;Geburtstag=bd;Punktestand=pt;Stempel=sm;Werbung erlaubt=ce;Sprache=la;angelegt am=cr
de|Friseur, selbst gemacht|Nachname=ln;Vorname=fn;Handynummer=mo;geb. am=bd;Mailadresse=em;Notizen=no;Stammfriseur=-name
fr|caisse enregistreuse|N° client=cn;Civilité=ge;Nom=ln;Prénom=fn;Adresse=st;Code postal=pc;Ville=ct;Téléphone=ph;Portable=mo;E-mail=em;Date de naissance=bd;Points fidélité=pt;Dernière visite=lv
fr|boutique en ligne|ID client=cn;Prénom=fn;Nom de famille=ln;Adresse e-mail=em;Newsletter=ce;Pays=co;Langue=la;Société=cy;Date d'inscription=cr;Nombre de commandes=vi;Total dépensé=sp;Groupe=tg
fr|carte de fidélité|Numéro de carte=cn;Nom complet=nm;Courriel=em;Tél. mobile=mo;Anniversaire=bd;Solde de points=pt;Consentement=ce;Remarques=no
fr|fichier de salon|NOM=ln;PRENOM=fn;TEL=ph;MAIL=em;CP=pc;VILLE=ct;OBSERVATION=no
fr|CRM|code_client=cn;raison_sociale=cy;nom_contact=-name;email=em;telephone=ph;adresse_1=st;code_postal=pc;ville=ct;pays=co;chiffre_affaires=sp;commercial=-name
es|TPV|Código de cliente=cn;Nombre=fn;Apellidos=ln;Dirección=st;Código postal=pc;Población=ct;Provincia=sa;Teléfono=ph;Móvil=mo;Correo electrónico=em;Fecha de nacimiento=bd;Puntos=pt;Observaciones=no
es|tienda en línea|ID cliente=cn;Nombre=fn;Apellido=ln;Email=em;Acepta marketing=ce;País=co;Idioma=la;Empresa=cy;Fecha de registro=cr;Pedidos=vi;Total gastado=sp
es|tarjeta de fidelidad|Nº tarjeta=cn;Nombre y apellidos=nm;Correo=em;Celular=mo;Cumpleaños=bd;Puntos acumulados=pt;Sexo=ge
es|lista de restaurante|nombre completo=nm;tel=ph;e-mail=em;notas=no;última visita=lv;alergias=-text
es|CRM con guiones|num_cliente=cn;nombre=fn;apellidos=ln;correo_electronico=em;telefono_movil=mo;ciudad=ct;cp=pc;suscrito=ce;fecha_alta=cr
it|registratore di cassa|Codice cliente=cn;Nome=fn;Cognome=ln;Indirizzo=st;CAP=pc;Città=ct;Provincia=sa;Telefono=ph;Cellulare=mo;E-mail=em;Data di nascita=bd;Punti=pt;Codice fiscale=-code
it|negozio online|ID cliente=cn;Nome=fn;Cognome=ln;Indirizzo email=em;Consenso newsletter=ce;Paese=co;Lingua=la;Azienda=cy;Ordini=vi;Totale speso=sp;Ultimo acquisto=lv
it|carta fedeltà|N. tessera=cn;Nominativo=nm;Email=em;Cellulare=mo;Compleanno=bd;Saldo punti=pt;Note=no
it|parrucchiere|NOME E COGNOME=nm;CELL.=mo;MAIL=em;DATA NASCITA=bd;NOTE=no
it|gestionale|cod_cliente=cn;ragione_sociale=cy;partita_iva=-code;email=em;telefono=ph;comune=ct;cap=pc;nazione=co;fatturato=sp
pl|kasa|Nr klienta=cn;Imię=fn;Nazwisko=ln;Ulica=st;Kod pocztowy=pc;Miasto=ct;Telefon=ph;E-mail=em;Data urodzenia=bd;Punkty=pt;Uwagi=no
pl|sklep internetowy|ID klienta=cn;Imię=fn;Nazwisko=ln;Adres e-mail=em;Zgoda marketingowa=ce;Kraj=co;Język=la;Firma=cy;Data rejestracji=cr;Liczba zamówień=vi;Wartość zamówień=-amt
pl|karta lojalnościowa|Numer karty=cn;Imię i nazwisko=nm;Telefon komórkowy=mo;Email=em;Stan punktów=pt;Zgoda SMS=cs;Ostatnia wizyta=lv
pl|bez polskich znaków|IMIE=fn;NAZWISKO=ln;TELEFON=ph;MAIL=em;MIEJSCOWOSC=ct;PLEC=ge;NIP=-code
pl|CRM|numer_klienta=cn;nazwa_firmy=cy;opiekun=-name;adres_email=em;nr_telefonu=ph;wojewodztwo=sa;kod_pocztowy=pc;grupa_klientow=tg
pt|caixa|Código do cliente=cn;Nome=fn;Apelido=ln;Morada=st;Código postal=pc;Localidade=ct;Telefone=ph;Telemóvel=mo;E-mail=em;Data de nascimento=bd;Pontos=pt;NIF=-code
pt|loja virtual brasileira|ID=-int;Nome completo=nm;E-mail=em;Celular=mo;CPF=-code;CEP=pc;Cidade=ct;Estado=sa;Aceita newsletter=ce;Data de cadastro=cr;Total gasto=sp
pt|cartão de fidelidade|Nº do cartão=cn;Nome do cliente=nm;Endereço de e-mail=em;Aniversário=bd;Saldo de pontos=pt;Sexo=ge;Observações=no
pt|lista de salão|NOME=nm;TELEFONE=ph;EMAIL=em;DATA NASC.=bd;PROFISSIONAL=-name
pt|CRM|codigo_cliente=cn;empresa=cy;primeiro_nome=fn;sobrenome=ln;email=em;telefone=ph;cidade=ct;pais=co;idioma=la;ultima_compra=lv
nl|kassa|Klantnummer=cn;Aanhef=ge;Voornaam=fn;Achternaam=ln;Straat=st;Postcode=pc;Plaats=ct;Telefoon=ph;Mobiel=mo;E-mailadres=em;Geboortedatum=bd;Punten=pt;Opmerkingen=no
nl|webwinkel|Klant ID=cn;Voornaam=fn;Tussenvoegsel=-text;Achternaam=ln;E-mail=em;Nieuwsbrief=ce;Land=co;Taal=la;Bedrijfsnaam=cy;Aantal bestellingen=vi;Omzet=sp
nl|spaarkaart|Pasnummer=cn;Naam=nm;Mailadres=em;Gsm nummer=mo;Verjaardag=bd;Spaarpunten=pt;Klant sinds=cr
nl|kapper|naam=nm;tel.nr.=ph;email=em;laatste bezoek=lv;notities=no
nl|CRM|klantnr=cn;bedrijf=cy;contactpersoon=-name;email=em;telefoonnummer=ph;woonplaats=ct;provincie=sa;klantgroep=tg;accountmanager=-name
""".strip()  # fmt: skip


@dataclass(frozen=True)
class HeaderSet:
    """One file: its headers, what they hold, and cells."""

    language: str
    origin: str
    expected: dict[str, str | None]
    rows: pl.DataFrame


def header_sets() -> list[HeaderSet]:
    """Return the forty sets."""
    chance = random.Random(40)
    found = []
    for line in _SETS.splitlines():
        language, origin, columns = line.split("|")
        codes = dict(column.rsplit("=", 1) for column in columns.split(";"))
        rows = {
            header: [cell(code, language, number, chance) for number in range(60)]
            for header, code in codes.items()
        }
        expected = {header: CODES.get(code) for header, code in codes.items()}
        found.append(HeaderSet(language, origin, expected, pl.DataFrame(rows)))
    return found


FIRST = {"en": "Olivia Liam Emma Noah", "de": "Anna Lukas Käthe Uwe", "fr": "Chloé Louis Zoé Gaël", "es": "Lucía Hugo Íñigo Sol", "it": "Giulia Leo Chiara Enzo", "pl": "Zofia Paweł Łucja Jan", "pt": "João Inês Rui Lara", "nl": "Sanne Daan Fleur Joost"}  # fmt: skip
LAST = {"en": "Smith Lee O'Brien Clarke", "de": "Müller Weiß Groß Kern", "fr": "Martin Dupré Leroy Petit", "es": "García Muñoz Ruiz Gil", "it": "Rossi Ferrari Conti Riva", "pl": "Nowak Wójcik Zając Lis", "pt": "Silva Araújo Costa Reis", "nl": "Jansen Bakker Visser Smit"}  # fmt: skip
PHONES = {"en": "020 7946 0{:03}", "de": "030 23125{:03}", "fr": "06 00 00 0{:03}", "es": "600 000 {:03}", "it": "312 000 0{:03}", "pl": "500 000 {:03}", "pt": "910 000 {:03}", "nl": "06 1000 0{:03}"}  # fmt: skip
YES_NO = {"en": "yes no", "de": "Ja Nein", "fr": "oui non", "es": "sí no", "it": "sì no", "pl": "tak nie", "pt": "sim não", "nl": "ja nee"}  # fmt: skip


def cell(code: str, language: str, number: int, chance: random.Random) -> str | None:
    """Return one believable cell; every eighth is blank."""
    if chance.random() < 0.12:
        return None
    first, last = chance.choice(FIRST[language].split()), chance.choice(LAST[language].split())
    day, month = chance.randrange(1, 29), chance.randrange(1, 13)
    born, recent = chance.randrange(1940, 2008), chance.randrange(2018, 2027)
    values = {
        "fn": first, "ln": last, "nm": f"{first} {last}", "-name": f"{first} {last}",
        "em": f"{first}.{last}{number}@example.com".lower().replace("'", ""),
        "ph": PHONES[language].format(number), "mo": PHONES[language].format(number + 100),
        "bd": f"{day:02}.{month:02}.{born}", "cr": f"{day:02}.{month:02}.{recent}", "lv": f"{recent}-{month:02}-{day:02}",
        "pt": str(chance.randrange(3000)), "sm": str(chance.randrange(12)), "cn": f"{number * 37:06}",
        "ce": chance.choice(YES_NO[language].split()), "cs": chance.choice(YES_NO[language].split()),
        "-bool": chance.choice(["true", "false"]), "la": chance.choice(["de", "en", "fr", language]),
        "co": chance.choice(["DE", "FR", "ES", "IT", "PL"]), "ge": chance.choice(["f", "m"]),
        "cy": f"{last} & Co", "st": f"{last} {number}", "s2": f"Apt {number}", "pc": f"{chance.randrange(10000, 99999)}",
        "ct": chance.choice(["Berlin", "Paris", "Madrid", "Roma", "Gdynia", "Porto", "Utrecht", "Leeds"]),
        "sa": chance.choice(["Kent", "Bayern", "Puglia", "Porto"]), "sp": f"{chance.randrange(2000)}.{chance.randrange(10, 99)}",
        "-amt": f"{chance.randrange(2000)}.{chance.randrange(10, 99)}", "vi": str(chance.randrange(40)),
        "tg": chance.choice(["VIP", "regular", "VIP, vegan"]), "no": chance.choice(["likes tea", "call on Monday", "window seat"]),
        "-int": str(chance.randrange(500)), "-text": chance.choice(["open", "import", "manual", "van", "nuts"]),
        "-ip": f"198.51.100.{number}", "-hex": f"{number * 99991:010x}", "-code": f"{language.upper()}{number * 1234567:09}",
    }  # fmt: skip
    return values[code]


def code_of(thing: str | None) -> str:
    """Return the short form of a thing, for messages."""
    return next((code for code, name in CODES.items() if name == thing), "-")
