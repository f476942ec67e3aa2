"""P10: one timeline per order, with seconds, rules and codes in words; why an application was turned away."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rich.console import Console

from cli import show, timeline
from cli.history import CaseStory, Cause, Explanation, Kept, Running, Step
from cli.speech import same

AT = datetime(2026, 3, 5, 10, 2, 7, tzinfo=UTC)
APPLIED = Cause("shop.refund.applied.v1", "shop/aftersales", "e1")


def step(
    number: int, name: str, cause: Cause, announced: str | None = None, *, kind: str = "refund-agreement",
    event: dict[str, Any] | None = None, after: timedelta = timedelta(0),
    rules: tuple[str, ...] = ("RF-012",),
    data: dict[str, Any] | None = None,
) -> Step:  # fmt: skip
    service = "logistics" if kind == "parcel" else "refunds"
    return Step(
        service, "o1", kind, "r1", number, name, AT + after, data or {}, list(rules), "p", cause, announced,
        event or ({} if announced else None),
    )  # fmt: skip


def story(*steps: Step, kind: str = "refund-agreement", subject: str = "o1") -> CaseStory:
    return CaseStory(
        "refunds", subject, kind, "r1", "AwaitingAnswer", False, "s1", "p", AT, AT,
        [Running("answer", AT + timedelta(days=2, hours=3))], list(steps), "awaiting_answer", "seller",
    )  # fmt: skip


CHANGED = {"status": "awaiting_answer", "previous_status": None}
OPENED = step(1, "AgreementOpened", APPLIED, "aftersales.refund.opened.v1")
PICTURE = step(2, "PictureChanged", APPLIED, "aftersales.case.changed.v1", event=CHANGED, rules=())
SCANNED = step(
    1, "ScanNoted", Cause("shop.parcel.scanned.v1", "sf", "e2"), kind="parcel",
    after=timedelta(minutes=1, seconds=4),
)  # fmt: skip
SILENT = step(
    3, "AgreedBySilence", Cause("deadline", "x", "refund-agreement/r1/answer"), kind="refund-agreement",
    after=timedelta(days=2),
)  # fmt: skip
REJECTED = step(
    4, "ApplicationRejected", APPLIED, "aftersales.application.rejected.v1", kind="order",
    event={"application": "refund", "reason_code": "too_late"},
)  # fmt: skip


def shown(*stories: CaseStory, language: str = "en", is_whole: bool = False) -> str:
    console = Console(width=180)
    with console.capture() as said:
        show.show_cases(console, stories, language, AT, is_whole=is_whole)
    return said.get()


def test_cases_of_all_services_are_one_timeline_and_an_event_is_one_entry_of_its_case() -> None:
    entries = timeline.merged([story(SILENT, PICTURE, OPENED), story(SCANNED, kind="parcel")])
    assert [(entry.kind, len(entry.decided)) for entry in entries] == [
        ("refund-agreement", 1), ("parcel", 1), ("refund-agreement", 1),
    ]  # fmt: skip
    first, scan, silent = entries
    assert first.status is not None
    assert first.status.zh == "等待商家处理退款申请"
    assert (first.is_inside, scan.is_inside, silent.is_inside) == (False, True, False)
    assert silent.cause.en == "the time is over: the seller answers the application"
    assert silent.cause.zh == "期限已到：商家处理退款申请"


def test_a_change_of_a_deadline_alone_shows_no_new_status() -> None:
    same_status = replace(PICTURE, event={"status": "awaiting_answer", "previous_status": "awaiting_answer"})
    assert timeline.merged([story(OPENED, same_status)])[0].status is None


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ("2026-03-05 10:02:07", "+2 d", "RF-012 ", "awaiting the seller's answer", "waits for seller",
                "left: 2 d 3 h", "silence counts as consent", "and 1 steps inside: --all")),
        ("zh", ("退款协议", "等待商家处理退款申请", "等待商家", "还剩 2 d 3 h", "商家未处理，视为同意申请",
                "另有 1 步")),
    ],
)  # fmt: skip
def test_the_timeline_speaks_both_languages(language: str, said: tuple[str, ...]) -> None:
    text = shown(story(OPENED, PICTURE, SILENT), story(SCANNED, kind="parcel"), language=language)
    for words in said:
        assert words in text
    assert "Scan noted".lower() not in text.lower()
    assert "scan noted" in shown(story(SCANNED, kind="parcel"), is_whole=True).lower()


def test_the_reason_why_an_application_was_turned_away_is_said_with_its_rule() -> None:
    text = shown(story(REJECTED))
    told = text[text.index("why it was turned away") :]
    assert timeline.refusals([story(REJECTED)])[0][1].en in told
    assert "RF-012" in told
    assert "why it was turned away" not in shown(story(OPENED))
    assert timeline.details(REJECTED).en.startswith("reason")


def test_a_length_of_time_is_said_in_days_and_hours() -> None:
    held = step(5, "ConfirmHeld", APPLIED, data={"confirm_left_microseconds": 863_940_000_000})
    assert timeline.details(held) == same("confirm left 9 d 23 h")


def test_the_parcels_that_an_orders_cases_speak_of_belong_to_it() -> None:
    data = {"carriages": [{"carrier_code": "sf", "tracking_code": "SF1"}], "note": {"carrier_code": "yto"}}
    noted = step(5, "ParcelNoted", APPLIED, data=data)
    assert timeline.related([story(noted)]) == ["sf/SF1"]
    assert timeline.related([story(noted), story(subject="sf/SF1", kind="parcel")]) == []


@pytest.mark.parametrize(
    ("language", "said"), [("en", "is no JSON"), ("zh", "内容不是 JSON")]
)  # fmt: skip
def test_an_explanation_says_what_to_do_about_a_dead_letter(language: str, said: str) -> None:
    found = Explanation("e9", after=[OPENED], kept=[Kept("refunds", "dead letter", "bad_json", "x", AT)])
    console = Console(width=200)
    with console.capture() as captured:
        show.show_explanation(console, found, language)
    assert said in captured.get()
    assert "RF-012 " in captured.get()
