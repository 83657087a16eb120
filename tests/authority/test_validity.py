from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from authority.errors import RequestError
from authority.validity import check_period, default_expiry, next_midnight
from keys.verdict import Carrier

SHANGHAI = ZoneInfo("Asia/Shanghai")
BERLIN = ZoneInfo("Europe/Berlin")


def at(text: str, zone: ZoneInfo = SHANGHAI) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp())


def test_a_phone_code_lives_until_midnight_of_the_issuing_region_and_not_of_utc() -> None:
    assert default_expiry(Carrier.PHONE, at("2026-03-04 07:59"), SHANGHAI) == at("2026-03-05 00:00")
    assert default_expiry(Carrier.PHONE, at("2026-03-04 08:01"), SHANGHAI) == at("2026-03-05 00:00")


def test_at_midnight_itself_the_whole_day_lies_ahead() -> None:
    assert next_midnight(at("2026-03-04 00:00"), SHANGHAI) == at("2026-03-05 00:00")


def test_the_day_on_which_summer_time_ends_is_twenty_five_hours_long() -> None:
    midnight = at("2026-10-25 00:00", BERLIN)
    assert next_midnight(midnight, BERLIN) - midnight == 25 * 3600
    check_period(Carrier.PHONE, midnight, None, next_midnight(midnight, BERLIN))


@pytest.mark.parametrize("carrier", [Carrier.PAPER, Carrier.CARD])
def test_paper_and_cards_live_180_days_and_not_a_second_longer(carrier: Carrier) -> None:
    expiry = default_expiry(carrier, 1_000_000_000, SHANGHAI)
    assert expiry == 1_000_000_000 + 180 * 86_400
    check_period(carrier, 1_000_000_000, None, expiry)
    with pytest.raises(RequestError, match="180 days"):
        check_period(carrier, 1_000_000_000, None, expiry + 1)


def test_a_phone_code_cannot_be_given_the_life_of_paper() -> None:
    with pytest.raises(RequestError, match="midnight"):
        check_period(Carrier.PHONE, 1_000_000_000, None, 1_000_000_000 + 26 * 3600)


@pytest.mark.parametrize(
    ("issued", "begins", "ends"), [(100, None, 100), (100, 300, 200), (100, 50, 60), (-5, None, 9)]
)
def test_a_period_that_ends_before_it_begins_is_refused(issued: int, begins: int | None, ends: int) -> None:
    with pytest.raises(RequestError):
        check_period(Carrier.PAPER, issued, begins, ends)
