"""What columns of customer lists are called in eight languages, and where each belongs.

One line per thing that a column can hold; words in English, German, French, Spanish, Italian,
Polish, Portuguese and Dutch. Matching folds case, accents, punctuation and `camelCase`, so one
spelling of each is enough.
"""

from __future__ import annotations

from dataclasses import dataclass

_NAMES = {
    "first_name": """first name|given name|forename|fname|first|Vorname|Rufname|prénom|nombre|nombre de pila|
        nome|nome di battesimo|imię|imie|primeiro nome|nome próprio|voornaam|roepnaam|customer first name""",
    "last_name": """last name|surname|family name|lname|last|Nachname|Familienname|Zuname|nom|nom de famille|
        apellido|apellidos|primer apellido|cognome|nazwisko|sobrenome|apelido|último nome|achternaam|familienaam""",
    "full_name": """name|full name|customer name|customer|contact name|contact|Kundenname|vollständiger Name|
        Name Vorname|nom complet|nom et prénom|nom client|nombre completo|nombre y apellidos|nombre del cliente|
        cliente|nome completo|nome e cognome|nominativo|nome do cliente|imię i nazwisko|klient|
        volledige naam|naam|klantnaam""",
    "email": """email|e-mail|mail|email address|e-mail address|email 1|contact email|customer email|E-Mail-Adresse|
        Mailadresse|Emailadresse|courriel|adresse e-mail|adresse mail|adresse courriel|mél|correo|correo electrónico|
        dirección de correo|indirizzo email|posta elettronica|adres e-mail|poczta|endereço de e-mail|correio eletrónico|
        e-mailadres""",
    "phone": """phone|telephone|tel|phone number|telephone number|phone no|contact number|customer phone|home phone|
        landline|Telefon|Telefonnummer|Tel.-Nr.|Festnetz|Rufnummer|téléphone|numéro de téléphone|téléphone fixe|
        teléfono|número de teléfono|teléfono fijo|telefono|numero di telefono|telefon|numer telefonu|nr telefonu|
        telefone|número de telefone|telefoon|telefoonnummer""",
    "mobile": """mobile|mobile phone|cell|cell phone|cellphone|mobile number|handphone|sms number|Handy|Handynummer|
        Mobil|Mobiltelefon|Mobilnummer|portable|téléphone portable|téléphone mobile|móvil|celular|teléfono móvil|
        cellulare|telefono cellulare|komórka|telefon komórkowy|numer komórki|telemóvel|celular|
        mobiel|mobiel nummer|gsm|gsm nummer""",
    "birthday": """birthday|date of birth|birth date|birthdate|dob|bday|Geburtstag|Geburtsdatum|geboren am|geb. am|
        Geb.-Datum|date de naissance|né le|anniversaire|fecha de nacimiento|cumpleaños|fecha nacimiento|nacimiento|
        data di nascita|compleanno|nascita|data urodzenia|urodziny|data de nascimento|aniversário|nascimento|
        geboortedatum|verjaardag""",
    "points": """points|points balance|loyalty points|reward points|bonus points|current points|balance points|Punkte|
        Punktestand|Bonuspunkte|Treuepunkte|points fidélité|solde de points|nombre de points|puntos|saldo de puntos|
        puntos acumulados|punti|saldo punti|punti fedeltà|punkty|stan punktów|liczba punktów|punkty lojalnościowe|
        pontos|saldo de pontos|pontos acumulados|punten|puntensaldo|spaarpunten""",
    "stamps": """stamps|stamp count|stamps collected|Stempel|Stempelanzahl|tampons|nombre de tampons|sellos|timbri|
        pieczątki|carimbos|stempels|aantal stempels""",
    "customer_number": """customer number|customer id|customer no|customer code|client id|member id|member number|
        membership number|card number|card no|loyalty card|loyalty card number|loyalty number|reference id|
        external id|record id|contact id|Kundennummer|Kundennr.|Kunden-Nr.|KdNr|Mitgliedsnummer|Kartennummer|
        Karten-Nr.|Kundenkarte|numéro client|n° client|code client|numéro de carte|carte fidélité|id client|
        n° carte|número de cliente|código de cliente|núm. cliente|número de tarjeta|n.º de tarjeta|tarjeta|id cliente|
        codice cliente|numero cliente|numero tessera|tessera|codice tessera|carta fedeltà|numer klienta|nr klienta|
        numer karty|nr karty|id klienta|código do cliente|número do cliente|número do cartão|nº do cartão|cartão|
        klantnummer|klantnr|kaartnummer|pasnummer|klantenkaart|lidnummer""",
    "consent_email": """newsletter|email consent|email opt-in|opt-in|marketing consent|accepts marketing|
        accepts email marketing|email marketing|email subscription status|subscribed|newsletter opt in|marketing emails|
        Newsletter abonniert|Werbung erlaubt|Werbeeinwilligung|Einwilligung|E-Mail-Werbung|abonné newsletter|
        inscrit newsletter|consentement|consentement marketing|accepte les e-mails|boletín|acepta publicidad|
        acepta marketing|consentimiento|suscrito|consenso marketing|consenso|iscritto newsletter|consenso newsletter|
        zgoda marketingowa|zgoda na newsletter|zgoda|consentimento|aceita marketing|consentimento marketing|
        aceita newsletter|nieuwsbrief|toestemming|marketing toestemming|nieuwsbrief ontvangen""",
    "consent_sms": """sms consent|sms opt-in|accepts sms marketing|sms marketing|SMS-Einwilligung|SMS Werbung|
        consentement sms|acepta sms|consenso sms|zgoda sms|aceita sms|sms toestemming""",
    "language": """language|preferred language|locale|lang|Sprache|bevorzugte Sprache|Korrespondenzsprache|langue|
        langue préférée|idioma|idioma preferido|lengua|lingua|lingua preferita|język|jezyk|idioma preferencial|taal|
        voorkeurstaal""",
    "country": """country|country code|country/region|nation|default address country code|Land|Staat|Ländercode|pays|
        code pays|país|pais|código de país|paese|nazione|stato di residenza|kraj|kod kraju|país de residência|landcode""",
    "gender": """gender|sex|salutation|title|Geschlecht|Anrede|sexe|civilité|genre|sexo|género|tratamiento|sesso|
        genere|płeć|zwrot|gênero|tratamento|geslacht|aanhef""",
    "company": """company|company name|organization|organisation|business name|Firma|Unternehmen|Firmenname|société|
        entreprise|raison sociale|empresa|compañía|razón social|azienda|ragione sociale|società|firma|nazwa firmy|
        nome da empresa|bedrijf|bedrijfsnaam""",
    "street": """street|address|address line 1|street address|address1|street address 1|Straße|Strasse|Adresse|
        Anschrift|Straße Hausnummer|adresse|rue|adresse 1|dirección|calle|domicilio|indirizzo|via|ulica|adres|
        endereço|rua|morada|adres|straat|straatnaam""",
    "street_2": """address line 2|address 2|street address 2|apartment|Adresszusatz|complément d'adresse|adresse 2|
        dirección 2|indirizzo 2|adres 2|complemento|toevoeging""",
    "postal_code": """postal code|zip|zip code|postcode|post code|PLZ|Postleitzahl|code postal|cp|código postal|
        cod. postal|cap|codice postale|codice di avviamento postale|kod pocztowy|cep|código postal|postcode""",
    "city": """city|town|Ort|Stadt|Wohnort|ville|localité|ciudad|población|localidad|città|comune|località|miasto|
        miejscowość|cidade|localidade|woonplaats|plaats|stad""",
    "state": """state|province|county|state/province|province code|Bundesland|Kanton|département|région|provincia|
        comunidad autónoma|regione|województwo|estado|distrito|provincie""",
    "created": """created|created at|creation date|date created|signup date|registration date|registered|joined|
        member since|customer since|first visit|Angelegt am|Kunde seit|Registriert am|Erstellt am|Anmeldedatum|
        date de création|date d'inscription|client depuis|inscrit le|fecha de alta|fecha de registro|cliente desde|
        data creazione|data di iscrizione|cliente dal|data rejestracji|data utworzenia|klient od|data de cadastro|
        data de registo|cliente desde|aangemaakt op|klant sinds|inschrijfdatum""",
    "last_visit": """last visit|last purchase|last order|last seen|last activity|last order date|Letzter Besuch|
        Letzter Einkauf|Letzte Bestellung|dernière visite|dernier achat|dernière commande|última visita|
        última compra|ultimo acquisto|ultima visita|ostatnia wizyta|ostatni zakup|última compra|laatste bezoek|
        laatste aankoop""",
    "spent": """total spent|lifetime spend|revenue|turnover|total sales|sales|amount spent|Umsatz|Gesamtumsatz|
        Jahresumsatz|chiffre d'affaires|ca|total des achats|total dépensé|total gastado|importe total|gasto total|
        ventas|totale speso|fatturato|spesa totale|obrót|suma zakupów|łączna kwota|total gasto|valor total|
        faturamento|omzet|totaal besteed""",
    "visits": """visits|visit count|transaction count|total orders|orders count|number of orders|Besuche|
        Anzahl Besuche|Anzahl Käufe|Bestellungen|visites|nombre de visites|nombre de commandes|visitas|
        número de visitas|pedidos|visite|numero visite|ordini|wizyty|liczba wizyt|liczba zamówień|
        número de compras|bezoeken|aantal bezoeken|bestellingen""",
    "tags": """tags|labels|segments|groups|customer group|Kundengruppe|Gruppe|Schlagworte|étiquettes|groupe|
        groupe client|etiquetas|grupo|grupo de clientes|etichette|gruppo|tagi|grupa|grupa klientów|grupo de clientes|
        etichetta|klantgroep|groep""",
    "note": """note|notes|comment|comments|memo|remarks|Notiz|Notizen|Bemerkung|Bemerkungen|Kommentar|remarque|
        remarques|commentaire|commentaires|notas|observaciones|comentarios|nota|osservazioni|commenti|uwagi|notatki|
        komentarz|observações|comentários|opmerking|opmerkingen|notitie|notities""",
}  # fmt: skip


def _words() -> dict[str, tuple[str, ...]]:
    return {
        thing: tuple(dict.fromkeys(" ".join(word.split()) for word in words.split("|")))
        for thing, words in _NAMES.items()
    }


NAMES: dict[str, tuple[str, ...]] = _words()
"""What columns are called, by the thing that they hold."""


@dataclass(frozen=True, slots=True)
class Home:
    """The field of one system in which a thing belongs, and the rules that it needs there."""

    field: str
    rules: str = ""
    """Further YAML inside the braces of the field, `type: date`."""


_CONSENT = "type: boolean"
HOMES: dict[str, dict[str, Home]] = {
    "loyaltydog": {
        "first_name": Home("firstName"),
        "last_name": Home("lastName"),
        "email": Home("email"),
        "phone": Home("phone"),
        "mobile": Home("phone"),
        "points": Home("points", "as: set"),
        "birthday": Home("customFields.birthday", "type: date"),
        "customer_number": Home("customFields.customerNumber"),
        "language": Home("customFields.language"),
        "gender": Home("customFields.gender"),
        "consent_email": Home("initialConsentGranted.marketing_email", _CONSENT),
        "consent_sms": Home("initialConsentGranted.marketing_sms", _CONSENT),
    },
    "voucherify": {
        "email": Home("email"),
        "phone": Home("phone"),
        "mobile": Home("phone"),
        "full_name": Home("name"),
        "birthday": Home("birthdate"),
        "customer_number": Home("source_id"),
        "street": Home("address.line_1"),
        "street_2": Home("address.line_2"),
        "city": Home("address.city"),
        "state": Home("address.state"),
        "postal_code": Home("address.postal_code"),
        "country": Home("address.country"),
        "points": Home("metadata.points", "type: integer"),
        "language": Home("metadata.lang"),
        "gender": Home("metadata.gender"),
        "consent_email": Home("metadata.marketing_email", _CONSENT),
        "consent_sms": Home("metadata.marketing_sms", _CONSENT),
    },
    "leal": {
        "first_name": Home("first_name"),
        "last_name": Home("last_name"),
        "email": Home("email"),
        "phone": Home("phone"),
        "mobile": Home("phone"),
        "birthday": Home("birthday"),
        "stamps": Home("stamps"),
        "customer_number": Home("external_references.customer_number"),
        "points": Home("metadata.points", "type: integer"),
        "language": Home("metadata.language"),
        "gender": Home("metadata.gender"),
        "consent_email": Home("metadata.marketing_email", _CONSENT),
        "consent_sms": Home("metadata.marketing_sms", _CONSENT),
    },
}
"""By connector and thing. Things without a home are left to the person."""

SPOKEN: dict[str, str] = {
    "first_name": "a first name",
    "last_name": "a last name",
    "full_name": "a full name",
    "email": "an e-mail address",
    "phone": "a phone number",
    "mobile": "a mobile number",
    "birthday": "a date of birth",
    "points": "a balance of points",
    "stamps": "a number of stamps",
    "customer_number": "a customer or card number",
    "consent_email": "consent to e-mails",
    "consent_sms": "consent to text messages",
    "language": "a language",
    "country": "a country",
    "gender": "a gender or salutation",
    "company": "a company",
    "street": "a street",
    "street_2": "a second line of address",
    "postal_code": "a postal code",
    "city": "a town",
    "state": "a state or province",
    "created": "the day the customer was entered",
    "last_visit": "the day of the last visit",
    "spent": "an amount of money spent",
    "visits": "a number of visits",
    "tags": "groups or tags",
    "note": "a note",
}
"""How each thing is called in a sentence."""
