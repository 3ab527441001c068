"""Words for yes and no, months and countries, in the languages that files come in.

Sources: Unicode CLDR names of months and territories (en, de, fr, es, it, pl, pt, nl), spelled in
lower case without dots; words for yes and no as tills and shops export them.
"""

from __future__ import annotations

_YES = (
    "true yes y 1 x ja j oui si sì sí s tak t sim on wahr vrai verdadero vero prawda verdadeiro waar "
    "opt-in subscribed ✓ ✔"
)
_NO = "false no n 0 nein non nie não nao nee off falsch faux falso fałsz onwaar opt-out unsubscribed ✗ ✘"

YES = _YES.split()
NO = _NO.split()

_NOTHING = (
    "- -- --- n/a na n.a. k.a. keine keiner none null nil nan unknown unbekannt inconnu aucun ninguno "
    "desconocido nessuno brak nenhum geen onbekend #n/a #ref! #value!"
)
NOTHING = frozenset((*_NOTHING.split(), "k. a."))
"""What people write into a cell that is to mean `nothing here`."""

_MONTHS = (
    "january januar januari janvier enero gennaio stycznia styczeń janeiro jan janv ene gen sty jän jänner",
    "february februar februari février fevrier febrero febbraio lutego luty fevereiro feb févr fév lut fev",
    "march märz maart mars marzo marca marzec março marco mar mär mrz mrt",
    "april avril abril aprile kwietnia kwiecień apr avr abr kwi",
    "may mai mei mayo maggio maja maj maio mag",
    "june juni juin junio giugno czerwca czerwiec junho jun giu cze",
    "july juli juillet julio luglio lipca lipiec julho jul juil lug lip",
    "august augustus août aout agosto sierpnia sierpień aug ago sie",
    "september septembre septiembre settembre września wrzesień setembro sep sept set wrz",
    "october oktober octobre octubre ottobre października październik outubro oct okt ott paź out",
    "november novembre noviembre listopada listopad novembro nov lis",
    "december dezember décembre decembre diciembre dicembre grudnia grudzień dezembro dec dez déc dic gru",
)
MONTHS: dict[str, int] = {
    word: number for number, words in enumerate(_MONTHS, start=1) for word in words.split()
}

_COUNTRIES = """
AR ARG Argentina|Argentinien|Argentine|Argentyna|Argentinië
AT AUT Austria|Österreich|Oesterreich|Autriche|Oostenrijk|Áustria
AU AUS Australia|Australien|Australie|Austrália|Australië
BE BEL Belgium|Belgien|Belgique|Bélgica|Belgio|Belgia|België
BG BGR Bulgaria|Bulgarien|Bulgarie|Bułgaria|Bulgária|Bulgarije
BR BRA Brazil|Brasilien|Brésil|Brasil|Brasile|Brazylia|Brazilië
CA CAN Canada|Kanada|Canadá
CH CHE Switzerland|Schweiz|Suisse|Suiza|Svizzera|Szwajcaria|Suíça|Zwitserland
CL CHL Chile|Chili|Cile
CN CHN China|Chine|Cina|Chiny
CO COL Colombia|Kolumbien|Colombie|Kolumbia|Colômbia
CZ CZE Czechia|Czech Republic|Tschechien|Tchéquie|Chequia|República Checa|Repubblica Ceca|Czechy|Tsjechië
DE DEU Germany|Deutschland|Allemagne|Alemania|Germania|Niemcy|Alemanha|Duitsland|BRD
DK DNK Denmark|Dänemark|Danemark|Dinamarca|Danimarca|Dania|Denemarken
EE EST Estonia|Estland|Estonie
ES ESP Spain|Spanien|Espagne|España|Spagna|Hiszpania|Espanha|Spanje
FI FIN Finland|Finnland|Finlande|Finlandia|Finlândia
FR FRA France|Frankreich|Francia|Francja|França|Frankrijk
GB GBR United Kingdom|Great Britain|England|Scotland|Wales|UK|Großbritannien|Vereinigtes Königreich|Royaume-Uni|Reino Unido|Regno Unito|Wielka Brytania|Verenigd Koninkrijk
GR GRC Greece|Griechenland|Grèce|Grecia|Grecja|Grécia|Griekenland
HR HRV Croatia|Kroatien|Croatie|Croacia|Croazia|Chorwacja|Croácia|Kroatië
HU HUN Hungary|Ungarn|Hongrie|Hungría|Ungheria|Węgry|Hungria|Hongarije
IE IRL Ireland|Irland|Irlande|Irlanda|Irlandia|Ierland
IL ISR Israel|Israël|Israele|Izrael
IN IND India|Indien|Inde|Indie|Índia
IS ISL Iceland|Island|Islande|Islandia|Islanda|IJsland
IT ITA Italy|Italien|Italie|Italia|Włochy|Itália|Italië
JP JPN Japan|Japon|Japón|Giappone|Japonia|Japão
LT LTU Lithuania|Litauen|Lituanie|Lituania|Litwa|Lituânia|Litouwen
LU LUX Luxembourg|Luxemburg|Luxemburgo|Lussemburgo|Luksemburg
LV LVA Latvia|Lettland|Lettonie|Letonia|Lettonia|Łotwa|Letônia|Letland
MX MEX Mexico|Mexiko|Mexique|México|Messico|Meksyk
NL NLD Netherlands|The Netherlands|Niederlande|Holland|Pays-Bas|Países Bajos|Paesi Bassi|Holandia|Países Baixos|Nederland
NO NOR Norway|Norwegen|Norvège|Noruega|Norvegia|Norwegia|Noorwegen
NZ NZL New Zealand|Neuseeland|Nouvelle-Zélande|Nueva Zelanda|Nuova Zelanda|Nowa Zelandia|Nova Zelândia|Nieuw-Zeeland
PE PER Peru|Pérou|Perú
PL POL Poland|Polen|Pologne|Polonia|Polska|Polônia|Polónia
PT PRT Portugal|Portogallo|Portugalia
RO ROU Romania|Rumänien|Roumanie|Rumanía|Rumunia|Romênia|Roménia|Roemenië
SE SWE Sweden|Schweden|Suède|Suecia|Svezia|Szwecja|Suécia|Zweden
SI SVN Slovenia|Slowenien|Slovénie|Eslovenia|Słowenia|Eslovênia|Slovenië
SK SVK Slovakia|Slowakei|Slovaquie|Eslovaquia|Slovacchia|Słowacja|Eslováquia|Slowakije
TR TUR Turkey|Türkei|Türkiye|Turquie|Turquía|Turchia|Turcja|Turquia|Turkije
UA UKR Ukraine|Ucrania|Ucraina|Ukraina|Ucrânia|Oekraïne
US USA United States|United States of America|Vereinigte Staaten|États-Unis|Estados Unidos|Stati Uniti|Stany Zjednoczone|Verenigde Staten
ZA ZAF South Africa|Südafrika|Afrique du Sud|Sudáfrica|Sudafrica|Republika Południowej Afryki|África do Sul|Zuid-Afrika
"""
COUNTRIES: dict[str, str] = {
    name.lower(): line[:2]
    for line in _COUNTRIES.strip().splitlines()
    for name in (line[:2], line[3:6], *line[7:].split("|"))
}
