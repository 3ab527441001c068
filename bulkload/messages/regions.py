"""Names of countries for the sentences about phones; where one is missing its code is shown."""

_NAMES = """
AE United Arab Emirates|Vereinigte Arabische Emirate
AL Albania|Albanien
AM Armenia|Armenien
AR Argentina|Argentinien
AT Austria|Österreich
AU Australia|Australien
AZ Azerbaijan|Aserbaidschan
BA Bosnia and Herzegovina|Bosnien und Herzegowina
BD Bangladesh|Bangladesch
BE Belgium|Belgien
BG Bulgaria|Bulgarien
BO Bolivia|Bolivien
BR Brazil|Brasilien
BY Belarus|Belarus
CA Canada|Kanada
CH Switzerland|die Schweiz
CL Chile|Chile
CN China|China
CO Colombia|Kolumbien
CR Costa Rica|Costa Rica
CY Cyprus|Zypern
CZ Czechia|Tschechien
DE Germany|Deutschland
DK Denmark|Dänemark
DO the Dominican Republic|die Dominikanische Republik
EC Ecuador|Ecuador
EE Estonia|Estland
EG Egypt|Ägypten
ES Spain|Spanien
FI Finland|Finnland
FR France|Frankreich
GB the United Kingdom|das Vereinigte Königreich
GE Georgia|Georgien
GH Ghana|Ghana
GR Greece|Griechenland
GT Guatemala|Guatemala
HK Hong Kong|Hongkong
HN Honduras|Honduras
HR Croatia|Kroatien
HU Hungary|Ungarn
ID Indonesia|Indonesien
IE Ireland|Irland
IL Israel|Israel
IN India|Indien
IS Iceland|Island
IT Italy|Italien
JP Japan|Japan
KE Kenya|Kenia
KR South Korea|Südkorea
KZ Kazakhstan|Kasachstan
LI Liechtenstein|Liechtenstein
LT Lithuania|Litauen
LU Luxembourg|Luxemburg
LV Latvia|Lettland
MA Morocco|Marokko
MD Moldova|Moldau
ME Montenegro|Montenegro
MK North Macedonia|Nordmazedonien
MT Malta|Malta
MX Mexico|Mexiko
MY Malaysia|Malaysia
NG Nigeria|Nigeria
NI Nicaragua|Nicaragua
NL the Netherlands|die Niederlande
NO Norway|Norwegen
NZ New Zealand|Neuseeland
PA Panama|Panama
PE Peru|Peru
PH the Philippines|die Philippinen
PK Pakistan|Pakistan
PL Poland|Polen
PR Puerto Rico|Puerto Rico
PT Portugal|Portugal
PY Paraguay|Paraguay
QA Qatar|Katar
RO Romania|Rumänien
RS Serbia|Serbien
RU Russia|Russland
SA Saudi Arabia|Saudi-Arabien
SE Sweden|Schweden
SG Singapore|Singapur
SI Slovenia|Slowenien
SK Slovakia|die Slowakei
SV El Salvador|El Salvador
TH Thailand|Thailand
TN Tunisia|Tunesien
TR Türkiye|die Türkei
TW Taiwan|Taiwan
UA Ukraine|die Ukraine
US the United States|die Vereinigten Staaten
UY Uruguay|Uruguay
VE Venezuela|Venezuela
VN Vietnam|Vietnam
XK Kosovo|das Kosovo
ZA South Africa|Südafrika
"""

ENGLISH: dict[str, str] = {}
GERMAN: dict[str, str] = {}
for _line in _NAMES.strip().splitlines():
    _code, _, _both = _line.partition(" ")
    ENGLISH[_code], _, GERMAN[_code] = _both.partition("|")

REGIONS = {"en": ENGLISH, "de": GERMAN}


def region_name(code: str, language: str = "en") -> str:
    """Return the name of a country as it stands after "for"; an unknown code as it is."""
    return REGIONS.get(language, ENGLISH).get(code, code)
