"""The conversations of the contracts are true (P8): each is played through the services, silences too."""

import re
from datetime import timedelta

import pytest

from aftersales_contracts import conversation_pages, conversations
from aftersales_contracts.conversations import Conversation, span
from tests.services.conversations import CONVERSATIONS, FOLDER, GRACE, UntrueError, begun

NEEDED = {
    "refund-without-return", "return-and-refund", "exchange", "parcel-lost", "lost-parcel-sent-again",
    "courier-claim", "late-delivery-compensation", "chargeback", "review-followup", "promise", "unpaid-order",
}  # fmt: skip
SILENCES = [
    (name, number)
    for name, each in CONVERSATIONS.items()
    for number, step in enumerate(each.steps)
    if step.answer is not None and step.answer.silence is not None
]


def test_every_flow_has_a_conversation() -> None:
    assert set(CONVERSATIONS) >= NEEDED


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_the_services_say_what_the_conversation_says_and_nothing_else(name: str) -> None:
    play = begun(name)
    for step in CONVERSATIONS[name].steps:
        play.step(step)

    assert play.flow.dead == []
    if name not in {each.after for each in CONVERSATIONS.values()}:
        assert play.untold(CONVERSATIONS[name].besides) == []
    assert play.flow.waiting() == []


@pytest.mark.parametrize(("name", "number"), SILENCES)
def test_silence_has_the_consequence_that_is_told_and_not_before(name: str, number: int) -> None:
    play = begun(name)
    for step in CONVERSATIONS[name].steps[: number + 1]:
        play.step(step)
    waiting = CONVERSATIONS[name].steps[number]
    assert waiting.answer is not None
    assert waiting.answer.silence is not None
    assert waiting.answer.within is not None
    silence = waiting.answer.silence
    asked_at = max(told.at for told in play.told if waiting.tells == told.event.TYPE)
    end = asked_at + waiting.answer.within

    play.heard = len(play.told)
    play.flow.pass_until(end - timedelta(minutes=1))
    with pytest.raises(UntrueError):
        play.find(silence.tells, None, silence.has)
    play.heard = len(play.told)
    play.flow.pass_until(end + GRACE)
    play.find(silence.tells, None, silence.has)


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_the_picture_names_everybody_and_every_step(name: str) -> None:
    """Enough of Mermaid's form that every viewer draws it."""
    each = CONVERSATIONS[name]
    head, *lines = conversation_pages.picture(each).splitlines()
    codes = {
        found[1]: found[2] for line in lines if (found := re.match(r"    participant (p\d+) as (.+)", line))
    }

    assert head == "sequenceDiagram"
    assert len(set(codes.values())) == len(codes)
    arrows = [found for line in lines if (found := re.fullmatch(r"    (p\d+)->>(p\d+): ([a-z.-]+)", line))]
    assert {code for arrow in arrows for code in (arrow[1], arrow[2])} == set(codes)
    drawn = iter([(codes[arrow[1]], arrow[3]) for arrow in arrows])
    for step in each.steps:
        wanted = (step.who, step.tells.partition(".")[2].rpartition(".v")[0])
        assert wanted in drawn, f"{wanted} is not drawn in its place"
    others = [line for line in lines if "participant" not in line and "->>" not in line]
    assert all(
        re.fullmatch(r"    Note (over p\d+,p\d+|right of p\d+): [^:;#]+(: [a-z.-]+)?", one) for one in others
    )


def told(*steps: dict[str, object]) -> dict[str, object]:
    return {"name": "x", "title": "x", "about": "x", "steps": list(steps)}


APPLIED = {"who": "buyer self-service", "tells": "shop.refund.applied.v1", "says": "x", "data": {}}
OPENED = {"who": "refunds", "tells": "aftersales.refund.opened.v1", "says": "x"}
SILENCE = {"says": "x", "tells": "aftersales.refund.paid.v1"}
ANSWER = {"by": "seller workbench", "with": ["shop.refund.agreed.v1"], "ids": ["refund_id"]}


@pytest.mark.parametrize(
    ("steps", "fault"),
    [
        ([{**APPLIED, "tells": "shop.refund.aplied.v1"}], "no type of the contracts"),
        ([{**APPLIED, "who": "carrier adapter"}], "is told by"),
        ([{**APPLIED, "has": {"refund_id": "1"}}], "is told to us"),
        ([{**OPENED, "who": "logistics"}], "is announced by"),
        ([{**OPENED, "keep": {"x": "intent_id"}}], "has no field intent_id"),
        ([{**OPENED, "answer": {**ANSWER, "by": "warehouse"}}], "is told by"),
        ([{**OPENED, "answer": {**ANSWER, "ids": ["intent_id"]}}], "has no field intent_id"),
        ([{**OPENED, "answer": {**ANSWER, "until": "send_by_at"}}], "has no field send_by_at"),
        (
            [
                {
                    **OPENED,
                    "answer": {**ANSWER, "silence": SILENCE},
                }
            ],
            "silence has an end",
        ),
        ([{**APPLIED, "after": "soon"}], "no length of time"),
    ],
)
def test_a_conversation_that_the_contracts_do_not_know_is_refused(
    steps: list[dict[str, object]], fault: str
) -> None:
    with pytest.raises(ValueError, match=fault):
        Conversation.model_validate(told(*steps))


@pytest.mark.parametrize(
    ("name", "number", "change"),
    [
        ("refund-without-return", 1, {"has": {"refund_id": "refund-2"}}),
        ("refund-without-return", 2, {"tells": "aftersales.refund.closed.v1", "has": {}}),
        ("exchange", 2, {"has": {"action": "send"}}),
    ],
)
def test_a_conversation_that_is_not_true_fails(name: str, number: int, change: dict[str, object]) -> None:
    """The player itself: a step that never comes, or comes with other words, is found."""
    play = begun(name)
    steps = list(CONVERSATIONS[name].steps)
    steps[number] = steps[number].model_copy(update=change)

    for step in steps[:number]:
        play.step(step)
    with pytest.raises(UntrueError, match="there is"):
        play.step(steps[number])


def test_a_deadline_that_is_told_wrong_fails() -> None:
    step = CONVERSATIONS["refund-without-return"].steps[1]
    assert step.answer is not None
    other = step.model_copy(update={"answer": step.answer.model_copy(update={"within": span("4d")})})
    play = begun("refund-without-return")
    play.step(CONVERSATIONS["refund-without-return"].steps[0])

    with pytest.raises(UntrueError, match="answer_by_at is 5 days"):
        play.step(other)


def test_an_outcome_that_the_conversation_leaves_out_is_found() -> None:
    play = begun("refund-without-return")
    play.step(CONVERSATIONS["refund-without-return"].steps[0])

    assert any("aftersales.refund.opened.v1" in line for line in play.untold([]))


def test_pages_are_what_is_generated() -> None:
    for name, text in conversation_pages.pages(conversations.load(FOLDER)).items():
        assert (FOLDER / name).read_text(encoding="utf-8") == text
