"""The page at the end of the demo: complete by itself, and nothing in it that is not escaped."""

import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pytest
from rich.console import Console

from cli import page, screen, speech, words
from cli.history import CaseStory, Cause, Running, Step
from cli.overview import Due, OpenTask
from cli.picture import Picture, Story, Sum, Waiting
from cli.speech import Both

AT = datetime(2024, 3, 5, 10, 2, tzinfo=UTC)
NASTY = "<script>alert(1)</script>"
VOID = {"meta", "rect", "input"}


def step(number: int, announced: str | None = "aftersales.refund.opened.v1") -> Step:
    return Step(
        service="refunds",
        subject="o1",
        kind="refund-agreement",
        case_id="r1",
        version=number,
        name="AgreementOpened",
        at=AT + timedelta(hours=number),
        data={"reason": NASTY},
        rules=["RF-012", "RF-013"],
        policy="taobao-classic@2014-01-01",
        cause=Cause("deadline", "aftersales/refunds", "refund-agreement/r1/answer"),
        announced=announced,
        event={"amount": {"minor": 12800, "currency": "CNY"}, "reason_code": NASTY} if announced else None,
    )


@pytest.fixture
def picture() -> Picture:
    case = CaseStory(
        "refunds", "o1", "refund-agreement", "r1", "Granted", True, "tb-8812", "taobao-classic@2014-01-01",
        AT, AT, [Running("answer", AT)], [step(1)], "granted",
    )  # fmt: skip
    asked = OpenTask(
        "refunds", "refund-intent", "i1", "i1.question.1", "o1", "tb-8812", "attention", "payment_stuck",
        AT - timedelta(days=3), AT - timedelta(hours=2),
    )  # fmt: skip
    due = Due(
        "refunds", "refund-agreement", "r1", "o1", "tb-8812", "awaiting_answer", "seller", "answer",
        AT + timedelta(hours=5), AT + timedelta(hours=6), is_blocked=False,
    )  # fmt: skip
    return Picture(
        first_day="2024-03-04",
        last_day="2024-04-18",
        order_count=300,
        decision_count=4_000,
        outcome_count=2_500,
        cases={"refunds/order": {"succeeded": 200, "closed": 100}, "logistics/parcel": {"ended": 250}},
        outcomes={"aftersales.refund.opened.v1": 40},
        paid_in=[Sum("paid by buyers", "CNY", 9_000_000, 290)],
        paid_out=[Sum("refund", "CNY", 800_000, 40), Sum("late_compensation", "CNY", 50_000, 5)],
        recovered=[Sum("recovered from couriers", "CNY", 30_000, 3)],
        deadlines={f"refund-agreement.kind_{number}": number for number in range(1, 30)},
        dead_letters={"bad_json": 4},
        stories=[
            Story(
                Both("退货退款", "Goods go back"), "o1", [case], [step(number) for number in range(1, 25)], 7
            )
        ],
        waiting=Waiting(AT, [asked], [due]),
    )


class Balance(HTMLParser):
    """Checks that tags close in the order in which they opened."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag


def test_the_page_is_one_file_without_outside_resources(picture: Picture) -> None:
    html = page.render(picture)
    assert not re.search(r"(src|href)\s*=|url\(|@import|https?:", html)
    assert "<script" not in html
    assert "prefers-color-scheme: dark" in html
    assert 'name="viewport"' in html
    parser = Balance()
    parser.feed(html)
    assert parser.open == []


def test_the_page_says_what_happened(picture: Picture) -> None:
    html = page.render(picture)
    for text in (
        "300",
        "CNY 90,000.00",
        "compensation for late shipping",
        "the data is no JSON",
        "RF-012</code>",
        "and 7 more steps",
    ):
        assert text in html


@pytest.mark.parametrize(
    "text",
    [
        "1 questions waited for a person", "其中 1 个已逾期", "2 h ago", "逾期 2 h",
        "silence counts as consent",
        "商家未处理，视为同意申请", "in 5 h", "退款协议：", "延迟发货赔付", "未来三天到期",
    ],
)  # fmt: skip
def test_the_page_says_in_both_languages_what_is_open_and_due(picture: Picture, text: str) -> None:
    assert text in page.render(picture)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_begins_in_the_wanted_language(picture: Picture, language: str) -> None:
    html = page.render(picture, language)
    assert f'id="{language}" checked' in html
    assert html.count(" checked") == 1


def test_the_terminal_says_the_same(picture: Picture) -> None:
    console = Console(width=160, record=True, file=None, quiet=False, force_terminal=False)
    with console.capture() as captured:
        screen.show(console, picture)
    text = captured.get()
    for part in ("300 orders", "CNY 90,000.00", "bad json", "Goods go back", "deadline answer"):
        assert part in text


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("RefundAdmitted", "Refund admitted"),
        ("refund-agreement", "Refund agreement"),
        ("awaiting_answer", "Awaiting answer"),
    ],
)
def test_names_become_words(name: str, said: str) -> None:
    assert words.spoken(name) == said


def test_a_story_tells_amounts_and_moments_but_no_ids() -> None:
    data = {
        "refund_id": "r1",
        "intent_id": "r1.refund.1",
        "amount": {"minor": 100, "currency": "CNY"},
        "outcome": "due",
        "choose_by_at": "2024-03-10T10:02:00Z",
    }
    assert speech.gist(data).en == "amount CNY 1.00, outcome due, choose by 2024-03-10 10:02"


def test_values_become_words() -> None:
    data = {
        "shop_id": "tb-1",
        "refund_id": "r1",
        "amount": {"minor": 12_850, "currency": "CNY"},
        "answer_by_at": "2024-03-10T10:02:00Z",
        "is_full": False,
        "lines": [1, 2],
    }
    told = [
        f"{words.field_words(name)} {words.value_words(value)}"
        for name, value in data.items()
        if name not in words.HIDDEN
    ]
    assert (
        "; ".join(told) == "refund r1; amount CNY 128.50; answer by 2024-03-10 10:02; is full no; lines (2)"
    )
    assert words.short_type("shop.refund.applied.v1") == "refund.applied"
