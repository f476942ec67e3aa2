"""Searches in the account: whose word ends one, and which questions about a parcel time has answered."""

from collections import Counter
from datetime import timedelta

import pytest

from aftersales_contracts.aftersales import logistics, logistics_enums
from aftersales_contracts.components import Tracking
from aftersales_contracts.shop import shipments
from tests.histories.crossings import DAY, HOUR, ONE, START, arrived, do, sent
from tests.histories.silent import announce, broken, of_case, played, task
from tests.histories.verbs import play


def inquiry(number: int, reason: str) -> logistics.CourierActionRequestedV1:
    return logistics.CourierActionRequestedV1(
        **of_case("lost-parcel", "k1"), request_id=f"k1.inquire.{number}", parcel_id="k1",
        action=logistics_enums.CourierAction.INQUIRE, reason_code=reason,
        tracking=Tracking(carrier_code="sto", tracking_code="Tk1"),
    )  # fmt: skip


@pytest.mark.parametrize(("answer", "found"), [("found", set[str]()), ("unclear", {"k1"})])
def test_the_word_of_a_person_that_a_parcel_is_found_ends_its_search(answer: str, found: set[str]) -> None:
    world = played(ONE, *arrived("a:1"))
    announce(world, inquiry(1, "signed_not_received"), task(world, "lost-parcel", "k1", "presume_lost"))
    assert play(world, do(HOUR, "task", "lost-parcel:presume_lost:k1", answer))
    announce(world, inquiry(2, "signed_not_received"))
    assert broken(world.breaches.values(), "two_searches") == found


def test_a_delivery_answers_whether_a_silent_parcel_is_lost() -> None:
    world = played(ONE, *START, *sent("a:1"))
    announce(world, inquiry(1, "silence"), task(world, "lost-parcel", "k1", "presume_lost"))
    assert not broken(world.breaches.values(), "task_left_open")
    assert play(world, do(DAY, "scan", "k1", "delivered", "sto", 0))
    assert broken(world.end(), "task_left_open") == {"lost-parcel:presume_lost:k1"}


def test_the_signature_itself_does_not_answer_who_signed() -> None:
    world = played(ONE, *arrived("a:1"))
    announce(world, inquiry(1, "signed_not_received"), task(world, "lost-parcel", "k1", "presume_lost"))
    assert not broken(world.end(), "task_left_open")


LOST_RETURN = (
    *arrived("a:1"),
    do(HOUR, "apply", "r1", "with_return", "quality", 100, 0, "a:1"),
    do(HOUR, "take_back", "r1"),
    do(DAY, "send", "r1", "B1", 0, "express", "a:1"),
    do(DAY, "scan", "B1", "lost", "sf", 0),
)


@pytest.mark.parametrize(("is_answered", "found"), [(False, {"a"}), (True, set[str]())])
def test_a_person_judges_the_loss_of_what_the_buyer_sent(is_answered: bool, found: set[str]) -> None:
    world = played(ONE, *LOST_RETURN)
    world.ledger.refund("r1").state = "closed"
    if is_answered:
        announce(world, task(world, "lost-parcel", "r1", "return_lost", kind="assessment"))
        assert play(world, do(HOUR, "task", "lost-parcel:return_lost:r1", "approved"))
    assert broken(world.end(), "neither") == found


@pytest.mark.parametrize(
    ("reason", "standing"), [("silence", "there"), ("signed_not_received", "lost")], ids=["silent", "signed"]
)
def test_a_delivery_that_is_read_late_refutes_a_loss_unless_that_doubted_it(
    reason: str, standing: str
) -> None:
    """The scan is older than the word of the courier; the order of reading does not matter."""
    world = played(ONE, *START, *sent("a:1"))
    announce(world, inquiry(1, reason))
    assert play(world, do(DAY, "courier", "courier:inquire:k1", "lost"))
    report = task(world, "lost-parcel", "k1", "lost_parcel_report", kind="approval", name="report.1")
    announce(world, report)
    assert play(world, do(HOUR, "scan", "k1", "delivered", "sto", 3 * HOUR))
    assert world.ledger.goods.parcels["k1"].standing == standing
    world.wait_until(world.now + timedelta(hours=1))
    announce(world, report.model_copy(update={"task_id": "report.2"}))
    assert not broken(world.breaches.values(), "two_searches")
    announce(world, report.model_copy(update={"task_id": "report.3"}))
    assert broken(world.breaches.values(), "two_searches") == {"k1"}


@pytest.mark.parametrize(("is_corrected", "found"), [(True, set[str]()), (False, {"k1"})])
def test_a_parcel_that_is_lost_under_its_right_number_is_reported_once_more(
    found: set[str], *, is_corrected: bool
) -> None:
    """The loss under the wrong number was none of it."""
    world = played(ONE, *START, *sent("a:1"))
    assert play(world, do(HOUR, "scan", "k1", "lost", "sto", 0))
    report = task(world, "lost-parcel", "k1", "lost_parcel_report", kind="approval", name="report.1")
    announce(world, report)
    if is_corrected:
        world.ledger.goods.renumber("k1", "sto", "Tk1x", world.now + timedelta(hours=1))
    world.wait_until(world.now + timedelta(hours=2))
    announce(world, report.model_copy(update={"task_id": "report.2"}))
    assert ("k1" in broken(world.breaches.values(), "two_searches")) == bool(found)


@pytest.mark.parametrize(("answer", "found"), [("unclear", set[str]()), ("refused", {"k1"})])
def test_a_report_is_asked_for_again_after_a_word_without_a_meaning(answer: str, found: set[str]) -> None:
    world = played(ONE, *START, *sent("a:1"))
    world.wait_until(world.now + timedelta(hours=1))
    report = task(world, "lost-parcel", "k1", "lost_parcel_report", kind="approval", name="report.1")
    announce(world, report)
    assert play(world, do(HOUR, "task", "lost-parcel:lost_parcel_report:k1", answer))
    announce(world, report.model_copy(update={"task_id": "report.2"}))
    assert broken(world.breaches.values(), "two_searches") == found


def test_a_courier_who_lost_a_signed_parcel_is_heard_while_the_search_asks() -> None:
    """A person found it before: the answer to that inquiry says nothing any more."""
    for is_found in (False, True):
        world = played(ONE, *arrived("a:1"))
        announce(world, inquiry(1, "signed_not_received"), task(world, "lost-parcel", "k1", "presume_lost"))
        if is_found:
            assert play(world, do(HOUR, "task", "lost-parcel:presume_lost:k1", "found"))
        assert play(world, do(HOUR, "courier", "courier:inquire:k1", "lost"))
        assert world.ledger.goods.parcels["k1"].standing == ("there" if is_found else "lost")


@pytest.mark.parametrize(
    ("first", "found"), [("found", set[str]()), ("searching", {"a"}), ("unknown", {"a"}), ("refused", {"a"})]
)
def test_the_courier_is_not_heard_twice_about_a_signature(first: str, found: set[str]) -> None:
    world = played(ONE, *arrived("a:1"))
    announce(world, inquiry(1, "signed_not_received"))
    for outcome in (first, "lost"):
        answer = shipments.CourierActionAnsweredV1(
            **world.keys,
            request_id="k1.inquire.1",
            parcel_id="k1",
            outcome=shipments.CourierOutcome(outcome),
        )
        world.tell(answer)
    assert broken(world.end(), "neither") == found


def test_a_lost_return_is_about_what_was_in_it_whatever_the_refund_is_about_now() -> None:
    world = played(ONE, *LOST_RETURN)
    refund = world.ledger.refund("r1")
    refund.state, refund.lines = "closed", Counter({"b": 1})
    asked = task(world, "dispatch", "o1", "return_lost", kind="assessment", name="r1.return-lost")
    announce(world, asked)
    assert broken(world.end(), "neither") == set()
