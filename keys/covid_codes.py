"""Which codes of medical vocabularies are about COVID-19: a credential may tell of other diseases and tests besides.

CVX        vaccines (CDC): in the United States, and those of other countries from 500 on
SNOMED CT  vaccines as Canada's provinces name them
LOINC      tests for the virus itself, its RNA or its antigen; none for antibodies, whose absence is no negative test
ICD-11     the disease, RA01, in seals
"""

from __future__ import annotations

from typing import Final

DISEASE: Final = "RA01"
VACCINES: Final = {
    "208": "EU/1/20/1528",
    "217": "EU/1/20/1528",
    "218": "EU/1/20/1528",
    "219": "EU/1/20/1528",
    "300": "EU/1/20/1528",
    "301": "EU/1/20/1528",
    "302": "EU/1/20/1528",
    "207": "EU/1/20/1507",
    "221": "EU/1/20/1507",
    "227": "EU/1/20/1507",
    "228": "EU/1/20/1507",
    "229": "EU/1/20/1507",
    "230": "EU/1/20/1507",
    "210": "EU/1/21/1529",
    "211": "EU/1/21/1618",
    "212": "EU/1/20/1525",
    **dict.fromkeys(map(str, (213, 225, 226, *range(308, 314), *range(500, 522)))),
    "28581000087106": "EU/1/20/1528",
    "28571000087109": "EU/1/20/1507",
    "28761000087108": "EU/1/21/1529",
    "28951000087107": "EU/1/20/1525",
    "29171000087106": "EU/1/21/1618",
    **dict.fromkeys(("28961000087105", "31301000087101", "31311000087104", "31341000087103", "31431000087100")),
}
"""CVX and SNOMED CT codes of vaccines against COVID-19 → the EU register's number of the same vaccine, by which
business rules name it; None for one that it does not have, or not for certain."""
TESTS: Final = frozenset(
    f"{number:05d}-{check}"
    for number, check in (
        *((94307, 6), (94308, 4), (94309, 2), (94310, 0), (94314, 2), (94315, 9), (94316, 7), (94500, 6), (94502, 2)),
        *((94533, 7), (94534, 5), (94558, 4), (94559, 2), (94565, 9), (94639, 2), (94640, 0), (94641, 8), (94647, 5)),
        *((94756, 4), (94757, 2), (94758, 0), (94759, 8), (94760, 6), (94845, 5), (95209, 3), (95406, 5), (95409, 9)),
        *((95425, 5), (95608, 6), (95823, 1), (95824, 9), (96091, 4), (96119, 3), (96120, 1), (96121, 9), (96122, 7)),
        *((96123, 5), (96448, 6), (96763, 8), (96765, 3), (96797, 6), (96957, 6), (96958, 4), (96986, 5), (97097, 0)),
        *((97098, 8), (98131, 6), (98132, 4), (98493, 0), (98494, 8)),
    )
)
"""LOINC codes of qualitative tests of the airways for the virus."""
