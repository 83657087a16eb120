import pytest
from hypothesis import given
from hypothesis import strategies as st

from authority.errors import RequestError
from authority.masking import check_character, document_number, mask_document, mask_name
from keys.masking import NAME_BYTES
from keys.verdict import Document, DocumentType

NAMES = {
    "张三": "张*",
    "张小三": "张**",
    "张*三": "张**",
    " 李 雷 ": "李*",
    "欧阳娜娜": "欧阳**",
    "歐陽修": "歐陽*",
    "司马相如": "司马**",
    "欧阳": "欧*",
    "诸葛": "诸*",
    "王": "*",
    "阿卜杜拉·买买提": "阿******",
    "迪丽热巴•迪力木拉提": "迪********",
    "김철수": "김**",
    "山田太郎": "山***",
    "SMITH, John": "SMITH *",
    "Smith, John Ronald": "Smith **",
    "John SMITH": "SMITH *",
    "SMITH John": "SMITH *",
    "ZHANG SAN": "ZHANG *",
    "ZHANG SAN FENG": "ZHANG **",
    "OUYANG, NANA": "OUYANG *",
    "J. SMITH": "SMITH *",
    "J SMITH": "SMITH *",
    "SMITH JOHN F.": "SMITH **",
    "A B": "B *",
    "John Smith": "Smith *",
    "Sukarno": "S***",
    "Иван Петров": "Петров *",
    "van der Berg, Anna": "van der Berg *",
}


@pytest.mark.parametrize(("name", "masked"), NAMES.items())
def test_a_name_is_masked_to_surname_and_stars(name: str, masked: str) -> None:
    assert mask_name(name) == masked


@pytest.mark.parametrize("name", ["", "   ", "张\u202e三", "张\x00三", "a\u200bb c", "x" * 129, "\ud800"])
def test_a_name_that_is_empty_endless_or_holds_invisible_characters_is_refused(name: str) -> None:
    with pytest.raises(RequestError):
        mask_name(name)


def test_a_long_surname_is_cut_between_characters_to_fit_the_code() -> None:
    masked = mask_name("Нижегородцева-Архангельская Анна")
    assert len(masked.encode()) <= NAME_BYTES
    assert masked.endswith("*")


@given(st.text(min_size=1, max_size=60))
def test_a_masked_name_fits_and_always_hides_something(name: str) -> None:
    try:
        masked = mask_name(name)
    except RequestError:
        return
    assert 0 < len(masked.encode()) <= NAME_BYTES
    assert "*" in masked
    assert masked.isprintable()


@given(st.text("赵钱孙李周吴郑王欧阳司马", min_size=2, max_size=10))
def test_no_given_name_in_chinese_characters_survives_masking(name: str) -> None:
    assert set(mask_name(name)[2:]) <= {"*"}


def test_a_resident_id_keeps_its_last_two_characters() -> None:
    assert mask_document(DocumentType.RESIDENT_ID, "11010519491231002x") == Document(DocumentType.RESIDENT_ID, "2X")


def test_a_mistyped_resident_id_is_refused_and_never_repeated() -> None:
    with pytest.raises(RequestError) as caught:
        mask_document(DocumentType.RESIDENT_ID, "110105194912310021")
    assert "194912" not in str(caught.value)


@pytest.mark.parametrize("number", ["", "12", "１１０１０５１９４９１２３１００２X", "E1234567;"])
def test_what_cannot_be_a_document_number_is_refused(number: str) -> None:
    for kind in (DocumentType.RESIDENT_ID, DocumentType.PASSPORT):
        with pytest.raises(RequestError):
            mask_document(kind, number)


def test_one_document_has_one_spelling() -> None:
    assert document_number(DocumentType.PASSPORT, " e-1234 5678 ") == "E12345678"


def test_the_check_character_follows_the_standards_example() -> None:
    # GB 11643-1999, appendix: 11010519491231002X and 440524188001010014.
    assert check_character("11010519491231002") == "X"
    assert check_character("44052418800101001") == "4"
