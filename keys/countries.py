"""Names of states: ISO 3166-1 alpha-2 and alpha-3, and whose certificates stand for which territories."""

from __future__ import annotations

from typing import Final

_NAMES: Final = """
AD AND  AE ARE  AF AFG  AG ATG  AI AIA  AL ALB  AM ARM  AO AGO  AQ ATA  AR ARG  AS ASM  AT AUT  AU AUS  AW ABW
AX ALA  AZ AZE  BA BIH  BB BRB  BD BGD  BE BEL  BF BFA  BG BGR  BH BHR  BI BDI  BJ BEN  BL BLM  BM BMU  BN BRN
BO BOL  BQ BES  BR BRA  BS BHS  BT BTN  BV BVT  BW BWA  BY BLR  BZ BLZ  CA CAN  CC CCK  CD COD  CF CAF  CG COG
CH CHE  CI CIV  CK COK  CL CHL  CM CMR  CN CHN  CO COL  CR CRI  CU CUB  CV CPV  CW CUW  CX CXR  CY CYP  CZ CZE
DE DEU  DJ DJI  DK DNK  DM DMA  DO DOM  DZ DZA  EC ECU  EE EST  EG EGY  EH ESH  ER ERI  ES ESP  ET ETH  FI FIN
FJ FJI  FK FLK  FM FSM  FO FRO  FR FRA  GA GAB  GB GBR  GD GRD  GE GEO  GF GUF  GG GGY  GH GHA  GI GIB  GL GRL
GM GMB  GN GIN  GP GLP  GQ GNQ  GR GRC  GS SGS  GT GTM  GU GUM  GW GNB  GY GUY  HK HKG  HM HMD  HN HND  HR HRV
HT HTI  HU HUN  ID IDN  IE IRL  IL ISR  IM IMN  IN IND  IO IOT  IQ IRQ  IR IRN  IS ISL  IT ITA  JE JEY  JM JAM
JO JOR  JP JPN  KE KEN  KG KGZ  KH KHM  KI KIR  KM COM  KN KNA  KP PRK  KR KOR  KW KWT  KY CYM  KZ KAZ  LA LAO
LB LBN  LC LCA  LI LIE  LK LKA  LR LBR  LS LSO  LT LTU  LU LUX  LV LVA  LY LBY  MA MAR  MC MCO  MD MDA  ME MNE
MF MAF  MG MDG  MH MHL  MK MKD  ML MLI  MM MMR  MN MNG  MO MAC  MP MNP  MQ MTQ  MR MRT  MS MSR  MT MLT  MU MUS
MV MDV  MW MWI  MX MEX  MY MYS  MZ MOZ  NA NAM  NC NCL  NE NER  NF NFK  NG NGA  NI NIC  NL NLD  NO NOR  NP NPL
NR NRU  NU NIU  NZ NZL  OM OMN  PA PAN  PE PER  PF PYF  PG PNG  PH PHL  PK PAK  PL POL  PM SPM  PN PCN  PR PRI
PS PSE  PT PRT  PW PLW  PY PRY  QA QAT  RE REU  RO ROU  RS SRB  RU RUS  RW RWA  SA SAU  SB SLB  SC SYC  SD SDN
SE SWE  SG SGP  SH SHN  SI SVN  SJ SJM  SK SVK  SL SLE  SM SMR  SN SEN  SO SOM  SR SUR  SS SSD  ST STP  SV SLV
SX SXM  SY SYR  SZ SWZ  TC TCA  TD TCD  TF ATF  TG TGO  TH THA  TJ TJK  TK TKL  TL TLS  TM TKM  TN TUN  TO TON
TR TUR  TT TTO  TV TUV  TW TWN  TZ TZA  UA UKR  UG UGA  UM UMI  US USA  UY URY  UZ UZB  VA VAT  VC VCT  VE VEN
VG VGB  VI VIR  VN VNM  VU VUT  WF WLF  WS WSM  XK XKX  YE YEM  YT MYT  ZA ZAF  ZM ZMB  ZW ZWE
"""
_EACH: Final = _NAMES.split()
ALPHA_3: Final = dict(zip(_EACH[0::2], _EACH[1::2], strict=True))
"""Kosovo has its user-assigned codes."""
_TERRITORIES: Final = {
    "GB": "GG JE IM GI BM KY VG AI FK MS PN SH TC IO GS",
    "FR": "GP MQ GF RE YT PM BL MF WF PF NC TF",
    "NL": "AW CW SX BQ",
    "DK": "FO GL",
    "FI": "AX",
    "NO": "SJ",
    "NZ": "CK NU TK",
    "CH": "LI",
    "CN": "HK MO",
}
"""State → the territories whose certificates it may sign with its own."""
_SIGNERS: Final = {territory: state for state, names in _TERRITORIES.items() for territory in names.split()}
_OTHER_NAMES: Final = {"GB": ("UK",), "GR": ("EL",)}
"""What the Union's institutions call two states otherwise than ISO 3166 does."""
_COMMON: Final = {other: name for name, others in _OTHER_NAMES.items() for other in others}
_TRAVEL_DOCUMENT_CODES: Final = {"DE": "D"}
"""ICAO 9303-3 section 5: where documents name a state otherwise than ISO 3166 does."""
_BY_DOCUMENT: Final = {code: state for names in (ALPHA_3, _TRAVEL_DOCUMENT_CODES) for state, code in names.items()}


def is_country(name: str) -> bool:
    """Whether `name` is a country's alpha-2 code."""
    return name in ALPHA_3


def common_name(name: str) -> str:
    """Return a country's alpha-2 code where `name` is another one for it; else `name` as it is."""
    return _COMMON.get(name, name)


def alpha_2(code: str) -> str:
    """Return the alpha-2 code of a state that travel documents name so; else `code` as it is."""
    return _BY_DOCUMENT.get(code, code)


def names_of(country: str) -> tuple[str, ...]:
    """Return every code that a country goes by, alpha-2 first."""
    return (country, *_OTHER_NAMES.get(country, ()))


def state_of(territory: str) -> str:
    """Return the state whose certificates stand for a territory; for any other country, itself."""
    return _SIGNERS.get(territory, territory)


def may_sign_for(country: str | None, issuer: str | None) -> bool:
    """Whether a signer whose certificate names `country` may sign for the EU issuer `issuer`.

    A certificate that names no real country (a test's, or none at all) and an issuer that is no country's code (such as
    a ministry's name) limit nothing: then what counts is who listed the certificate.
    """
    if country == issuer:
        return True
    if country is None or issuer is None or not is_country(country) or not is_country(issuer):
        return True
    return country in (issuer, _SIGNERS.get(issuer))


def is_state(code: str, country: str | None) -> bool:
    """Whether a travel document's code of a state means the country of a certificate (alpha-2, or the code itself)."""
    if country is None:
        return False
    return code in (country, ALPHA_3.get(country), _TRAVEL_DOCUMENT_CODES.get(country))
