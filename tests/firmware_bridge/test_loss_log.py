import logging

from firmware_bridge.loss_log import LOSSES, LossLog

LOG = logging.getLogger(__name__)


def test_a_loss_and_its_return_are_a_line_each(caplog):
    caplog.set_level(logging.INFO)
    losses = LossLog(LOG)
    losses.lost(0.0, "%s is lost: %s", "gate", "unplugged")
    losses.back("%s answers", "gate")
    assert [(one.levelno, one.getMessage()) for one in caplog.records] == [
        (logging.WARNING, "gate is lost: unplugged"),
        (logging.INFO, "gate answers"),
    ]


def test_a_plug_that_is_loose_for_hours_has_some_lines_which_count_the_others(caplog):
    caplog.set_level(logging.INFO)
    losses = LossLog(LOG)
    for tenth in range(2 * 3600 * 10):
        losses.lost(tenth / 10, "%s is lost", "gate")
        losses.back("%s answers", "gate")
    said = [one for one in caplog.records if one.levelno == logging.WARNING]
    assert len(said) == len(caplog.records) / 2, "a return that nobody heard of as a loss is not said"
    assert LOSSES.at_once < len(said) <= LOSSES.at_once + 2 * 60 + 1
    assert "(and 599 times before" in said[-1].getMessage()
    assert "is lost (" in said[-1].getMessage()


def test_after_a_quiet_time_each_loss_is_a_line_again(caplog):
    losses = LossLog(LOG)
    for _ in range(100):
        losses.lost(0.0, "%s is lost", "gate")
    losses.lost(LOSSES.every_s * 3, "%s is lost", "gate")
    losses.lost(LOSSES.every_s * 3, "%s is lost", "gate")
    assert caplog.records[-2].getMessage() == "gate is lost (and 80 times before, since it was last said)"
    assert caplog.records[-1].getMessage() == "gate is lost"
