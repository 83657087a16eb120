from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.allowance import Allowance, Limit


@given(st.integers(1, 10), st.floats(0.1, 100), st.lists(st.floats(0, 300), max_size=80))
def test_no_more_is_said_than_the_limit_and_its_time_allow(at_once, every_s, pauses):
    allowance = Allowance(Limit(at_once, every_s))
    now = 0.0
    said = 0
    for pause in pauses:
        now += pause
        said += allowance.take(now)
    assert said <= at_once + now / every_s + 1e-6


def test_so_many_at_once_and_then_one_each_time():
    allowance = Allowance(Limit(2, 10.0))
    assert [allowance.take(at) for at in (5.0, 5.0, 5.0, 14.9, 15.1, 15.2, 100.0, 100.0, 100.0)] == [
        True, True, False, False, True, False, True, True, False
    ]  # fmt: skip
