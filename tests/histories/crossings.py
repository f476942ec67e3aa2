"""Scripted histories: each plays one crossing that is known to go astray, and names what should flag it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.histories.generate import History, replay
from tests.histories.world import Action, Shape, World

HOUR, DAY = 60, 24 * 60
ONE = Shape((("a", 1, 10_000),))
TWO = Shape((("a", 1, 10_000), ("b", 1, 10_000)))
BUYER_PAYS = Shape((("a", 1, 10_000),), freight=1_200, is_free=False)


def do(wait: int, verb: str, about: str = "", *args: str | int) -> Action:
    return Action(wait, verb, about, args)


START = (do(0, "place"), do(10, "pay"))


def sent(*lines: str, parcel: str = "k1") -> tuple[Action, ...]:
    """A parcel on its way, and the ship mark."""
    return (
        do(HOUR, "register", parcel, "sto", *lines),
        do(HOUR, "hand_over", parcel),
        do(HOUR, "mark", parcel),
        do(HOUR, "scan", parcel, "in_transit", "sto", 0),
    )


def arrived(*lines: str) -> tuple[Action, ...]:
    """A parcel that the buyer has."""
    return (*START, *sent(*lines), do(DAY, "scan", "k1", "delivered", "sto", 0))


def exchanged(reason: str = "size", freight: int = 1_200) -> tuple[Action, ...]:
    """An exchange whose goods are back and fine."""
    return (
        do(DAY, "exchange", "x1", reason, "a:1"),
        do(HOUR, "reship", "reship:reserve:x1.reship", "reserved"),
        do(HOUR, "answer_exchange", "x1", "approved"),
        do(DAY, "send", "x1", "B1", freight, "express", "a:1"),
        do(2 * DAY, "arrive", "B1"),
        do(HOUR, "inspect", "B1", "x1", "resaleable", "yes", "a:1:1"),
    )


def paid(intent: str = "r1.refund.1") -> Action:
    return do(HOUR, "settle", intent, 100)


@dataclass(frozen=True)
class Crossing:
    """A scripted history, and the invariant that speaks of it; `tag` is how its cause begins."""

    name: str
    says: str
    shape: Shape
    actions: Sequence[Action]
    invariant: str
    tag: str = ""

    def play(self) -> World:
        return replay(History(self.shape, tuple(self.actions)))

    def is_flagged(self, world: World) -> bool:
        """Whether the world is broken in the way that this crossing is about."""
        return any(
            breach.name == self.invariant and breach.tag.startswith(self.tag)
            for breach in world.breaches.values()
        )


M1 = (
    *arrived("a:1", "b:1"),
    do(HOUR, "apply", "r1", "with_return", "quality", 100, 0, "b:1"),
    do(HOUR, "exchange", "x1", "size", "a:1"),
    do(HOUR, "refuse", "r1", "answer", "shown"),
    do(HOUR, "amend", "r1", "with_return", "quality", 100, 0, "a:1", "b:1"),
)
M2 = (
    *arrived("a:1", "b:1"),
    do(HOUR, "apply", "r1", "with_return", "quality", 100, 0, "a:1"),
    do(HOUR, "apply", "r2", "with_return", "quality", 100, 0, "b:1"),
    do(HOUR, "agree", "r1", "answer"),
    do(HOUR, "agree", "r2", "answer"),
    do(DAY, "send", "r1", "B1", 0, "express", "a:1"),
    do(HOUR, "send", "r2", "B1", 0, "express", "b:1"),
    do(2 * DAY, "inspect", "B1", "", "worn", "", "a:1:1", "b:1:0"),
    do(12 * DAY, "settle", "r2.refund.1", 100),
)
M3 = (
    *START,
    *sent("a:1"),
    do(HOUR, "apply", "r1", "not_received", "other", 100, 0, "a:1"),
    do(6 * DAY, "settle", "r1.refund.1", 100),
    do(HOUR, "scan", "k1", "delivered", "sto", 0),
)
M3_UNSHIPPED = (
    *START,
    do(HOUR, "apply", "r1", "unshipped", "other", 100, 0, "a:1"),
    do(3 * DAY, "settle", "r1.refund.1", 100),
    do(HOUR, "register", "k1", "sto", "a:1", "b:1"),
    do(HOUR, "scan", "k1", "in_transit", "sto", 0),
    do(DAY, "scan", "k1", "delivered", "sto", 0),
)
M4 = (
    *arrived("a:1"),
    *exchanged(),
    do(HOUR, "carry", "reship:send:x1.reship", "e1", "sto"),
    do(HOUR, "hand_over", "e1"),
    do(HOUR, "scan", "e1", "in_transit", "sto", 0),
    do(DAY, "scan", "e1", "lost", "sto", 0),
    do(HOUR, "choose", "offer:exchange:x1", "refund"),
    paid("x1.refund.refund.1"),
    do(DAY, "scan", "e1", "delivered", "sto", 0),
    do(5 * DAY, "claim", "claim:e1.claim", "paid"),
)
M5 = (
    *arrived("a:1"),
    *exchanged(),
    do(HOUR, "carry", "reship:send:x1.reship", "e1", "sto"),
    do(HOUR, "hand_over", "e1"),
    do(HOUR, "scan", "e1", "in_transit", "sto", 0),
    do(6 * DAY, "courier", "courier:inquire:e1", "lost"),
)
M6 = (
    *arrived("a:1"),
    do(HOUR, "apply", "r1", "with_return", "quality", 100, 0, "a:1"),
    do(HOUR, "agree", "r1", "answer"),
    do(DAY, "send", "r1", "B1", 1_200, "express", "a:1"),
    do(2 * DAY, "inspect", "B1", "r1", "resaleable", "no", "a:1:1"),
    do(HOUR, "accept", "r1", "a:1"),
)
M7 = (
    *START,
    *sent("a:1"),
    do(HOUR, "apply", "r1", "not_received", "other", 100, 0, "a:1"),
    do(DAY, "succeed", "buyer"),
    do(6 * DAY, "settle", "r1.refund.1", 100),
)
M8 = (
    *START,
    do(HOUR, "apply", "r1", "unshipped", "late_shipment", 0, 0, "a:1"),
    do(3 * DAY, "settle", "r1.refund.1", 100),
)
N1 = (*START, *sent("a:1"), do(9 * DAY, "wait"))
N2 = (
    *arrived("a:1"),
    do(DAY, "exchange", "x1", "size", "a:1"),
    do(HOUR, "reship", "reship:reserve:x1.reship", "reserved"),
    do(HOUR, "answer_exchange", "x1", "approved"),
    do(HOUR, "succeed", "buyer"),
    do(DAY, "send", "x1", "B1", 0, "express", "a:1"),
    do(2 * DAY, "inspect", "B1", "x1", "resaleable", "", "a:1:1"),
    do(HOUR, "reship", "reship:send:x1.reship", "unavailable"),
    do(HOUR, "choose", "offer:exchange:x1", "refund"),
    do(HOUR, "task", "order:refund_for_exchange_after_success:o1", "approved"),
    do(3 * DAY, "claim", "", "paid"),
)
N3 = (
    *START,
    *sent("a:1"),
    do(HOUR, "apply", "r1", "with_return", "quality", 100, 0, "a:1"),
    do(HOUR, "agree", "r1", "answer"),
    do(HOUR, "scan", "k1", "refused", "sto", 0),
    do(2 * DAY, "scan", "k1", "returned", "sto", 0),
    do(DAY, "task", "order:goods_back_without_refund:o1", "approved"),
    do(12 * DAY, "confirm", "yes"),
)
N4 = (
    *START,
    do(HOUR, "apply", "r1", "unshipped", "other", 100, 0, "a:1"),
    do(HOUR, "hold", "hold:r1.hold", "stopped"),
    do(HOUR, "fail", "r1.refund.1", "never", "no"),
    do(DAY, "task", "refund-intent:payment_stuck:r1.refund.1", "abandon"),
)
N5 = (
    *arrived("a:1"),
    *exchanged("quality"),
    do(8 * DAY, "task", "exchange:exchange_breached:x1", "approved"),
)
N6 = (
    *arrived("a:1"),
    do(HOUR, "apply", "r1", "with_return", "quality", 100, 0, "a:1"),
    do(HOUR, "agree", "r1", "answer"),
    do(DAY, "send", "r1", "B1", 1_200, "express", "a:1"),
    do(2 * DAY, "arrive", "B1"),
    do(HOUR, "refuse", "r1", "receipt", "shown"),
    do(DAY, "amend", "r1", "no_return", "quality", 100, 0, "a:1"),
    do(HOUR, "agree", "r1", "answer"),
    paid(),
)
N7 = (
    *arrived("a:1"),
    do(DAY, "exchange", "x1", "size", "a:1"),
    do(HOUR, "reship", "reship:reserve:x1.reship", "reserved"),
    do(HOUR, "answer_exchange", "x1", "approved"),
    do(DAY, "send", "x1", "B1", 0, "express", "a:1"),
    do(2 * DAY, "inspect", "B1", "x1", "worn", "", "a:1:0"),
    do(HOUR, "carry", "reship:send:x1.back", "e1", "sto"),
    do(HOUR, "hand_over", "e1"),
    do(HOUR, "scan", "e1", "in_transit", "sto", 0),
    do(DAY, "scan", "e1", "lost", "sto", 0),
    do(HOUR, "task", "lost-parcel:lost_parcel_report:e1", "approved"),
    do(HOUR, "memo", "order:add_memo:e1"),
    do(DAY, "claim", "claim:e1.claim", "paid"),
    do(4 * DAY, "confirm", "yes"),
)
N8 = (
    *START,
    do(HOUR, "apply", "r1", "unshipped", "other", 100, 0, "a:1"),
    do(HOUR, "hold", "hold:r1.hold", "stopped"),
    paid(),
    do(DAY, "reverse", "r1.refund.1", 40),
    do(HOUR, "reverse", "r1.refund.1", 100),
    do(HOUR, "task", "refund-intent:payment_reversed:r1.refund.1", "retry"),
    paid(),
    do(HOUR, "task", "refund-intent:reversed_as_well:r1.refund.1", "retry"),
)
N9 = (
    *START,
    do(HOUR, "apply", "r1", "unshipped", "late_shipment", 100, 0, "a:1"),
    do(4 * DAY, "settle", "r1.refund.1", 100),
    do(30 * HOUR, "fail", "o1.late_compensation.1", "never", "no"),
    do(HOUR, "task", "refund-intent:payment_stuck:o1.late_compensation.1", "abandon"),
)
S1 = (
    do(0, "place"),
    do(HOUR, "apply", "r1", "unshipped", "other", 100, 0, "a:1"),
    do(HOUR, "pay"),
)
S6 = (
    *START,
    do(DAY, "register", "k1", "sto", "a:1"),
    do(1, "mark", "k1"),
    do(47 * HOUR - 30, "scan", "k1", "picked_up", "sto", 0),
)
ALL: Mapping[str, Crossing] = {
    crossing.name: crossing
    for crossing in (
        Crossing(
            "M1", "a refused refund is amended to take over an exchange's line", TWO, M1, "line_in_two_cases"
        ),
        Crossing("M2", "one box holds the goods of two refunds", TWO, M2, "paid_not_accepted"),
        Crossing(
            "M3", "paid as not received, then delivered", ONE, M3, "goods_and_money", "not_received paid"
        ),
        Crossing(
            "M3u", "paid as unshipped, then delivered", TWO, M3_UNSHIPPED, "goods_and_money", "unshipped paid"
        ),
        Crossing(
            "M4",
            "a lost replacement turns up after the money",
            ONE,
            M4,
            "goods_and_money",
            "no_return paid, then delivered (replacement",
        ),
        Crossing("M4c", "and its claim runs on", ONE, M4, "claim_on_found"),
        Crossing("M5", "the courier says lost of a replacement", ONE, M5, "two_claims"),
        Crossing("M5r", "and it is reported twice", ONE, M5, "two_searches", "reports"),
        Crossing("M6", "no fault is found, the freight is paid", ONE, M6, "freight_unowed"),
        Crossing("M7", "receipt confirmed, paid as not received", ONE, M7, "paid_after_receipt"),
        Crossing("M8", "a cent for late shipping brings 30 % of the goods", TWO, M8, "compensation_over"),
        Crossing(
            "N1", "asked to confirm while the parcel is searched", ONE, N1, "confirm_too_early", "search"
        ),
        Crossing(
            "N2",
            "an exchange spans the success, no stock, money chosen",
            ONE,
            N2,
            "neither",
            "at the shop (return), exchange converted",
        ),
        Crossing(
            "N3",
            "the carrier brings back what was to be returned",
            ONE,
            N3,
            "neither",
            "at the shop (outbound)",
        ),
        Crossing("N4", "a payment is given up, the goods stay held", ONE, N4, "hold_kept"),
        Crossing(
            "N5",
            "the exchange is breached, freight not repaid",
            ONE,
            N5,
            "freight_owed_unpaid",
            "exchange breached",
        ),
        Crossing(
            "N5n",
            "and the buyer has neither goods nor money",
            ONE,
            N5,
            "neither",
            "at the shop (return), exchange breached",
        ),
        Crossing(
            "N6",
            "goods refused, amended to no return, freight lost",
            ONE,
            N6,
            "freight_owed_unpaid",
            "no_return paid",
        ),
        Crossing("N7", "goods sent back to the buyer are lost", ONE, N7, "neither", "lost (to_buyer)"),
        Crossing("N8", "a payment is reversed in two parts", ONE, N8, "reversed_money_lost"),
        Crossing(
            "N9", "a compensation is given up, its case stays", TWO, N9, "case_without_end", "late-comp"
        ),
        Crossing("S1", "applied for before the payment", ONE, S1, "words_opened_unpaid"),
        Crossing("S6", "called late within 72 hours", ONE, S6, "words_late"),
    )
}
