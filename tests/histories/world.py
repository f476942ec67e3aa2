"""One order in a small world: the four services in memory, and the account that judges them."""

import heapq
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from aftersales_contracts import components
from aftersales_contracts.aftersales.common import CaseChangedV1
from aftersales_contracts.base import Event, Money
from aftersales_contracts.enums import Role
from tests.histories import coverage, invariants, pictures, words
from tests.histories.breach import Breach
from tests.histories.ledger import Ledger
from tests.histories.shops import CURRENCIES, wired
from tests.services.flow import LIMITS, Flow

T0 = datetime(2026, 1, 5, 2, tzinfo=UTC)
SHOP = "shop-1"
ORDER = "o1"
CUSTOMER = "c1"
BUYER = components.Party(role=Role.BUYER)
SELLER = components.Party(role=Role.SELLER)
PERSON = components.Party(role=Role.SUPERVISOR)
PATIENT = replace(LIMITS, wait=timedelta(days=14))
SILENCE = timedelta(days=400)
"""After the last action: by then all deadlines have passed."""


@dataclass(frozen=True)
class Shape:
    """The order: lines as (id, pieces, price per piece), freight, how it is paid, and the shop."""

    lines: tuple[tuple[str, int, int], ...] = (("a", 1, 10_000),)
    freight: int = 0
    is_free: bool = True
    tenders: tuple[int, ...] = ()
    """The parts of the whole, where more than one payment is made."""
    shop: str = SHOP
    is_serviced: bool = True
    """Whether the lines were sold with seven days to return them without a reason."""

    @property
    def total(self) -> int:
        return sum(count * price for _, count, price in self.lines) + self.freight

    @property
    def currency(self) -> str:
        return CURRENCIES[self.shop]


@dataclass(frozen=True)
class Action:
    """Something that somebody does, some minutes after what was done before.

    `about` and `args` name what it is about by stable names, so that it means the same where other actions
    are left out; an action that means nothing there is skipped.
    """

    wait: int
    verb: str
    about: str = ""
    args: tuple[str | int, ...] = ()


@dataclass
class Said:
    """A line of the story: who said what, and when."""

    at: datetime
    who: str
    event: Event
    is_outcome: bool = False


class SharedFlow(Flow):
    """As Flow, but services are prepared once, and early messages wait as long as in production."""

    def __init__(self) -> None:
        super().__init__(wired=wired(), limits=PATIENT)

    def deliver(self, event: Event, at: datetime) -> None:
        """Without writing and reading it first: contracts have tests of their own."""
        self.take(event, at)


MakeFlow = Callable[[], SharedFlow]


@dataclass
class World:
    """Plays actions and judges after each."""

    shape: Shape
    make_flow: MakeFlow = SharedFlow
    now: datetime = T0
    ledger: Ledger = field(default_factory=Ledger)
    story: list[Said] = field(default_factory=list[Said])
    breaches: dict[tuple[str, str], Breach] = field(default_factory=dict[tuple[str, str], Breach])
    is_lost: set[str] = field(default_factory=set[str])
    ignored: set[str] = field(default_factory=set[str])
    has_money_beside: bool = False
    """Whether others move money of the order."""

    rated: dict[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])
    """The line and the side of each rating, also of one that is read later: an id is of one rating."""
    pairs: set[coverage.Pair] = field(default_factory=set[coverage.Pair])
    """Kinds of matter that were open at once."""

    def __post_init__(self) -> None:
        self.flow = self.make_flow()
        self._matters: frozenset[str] = frozenset()
        self._seen = 0
        self._on_the_way: list[tuple[datetime, int, Event]] = []

    @property
    def keys(self) -> dict[str, Any]:
        """The fields that every event of the order carries."""
        return {"shop_id": self.shape.shop, "order_id": ORDER}

    def money(self, minor: int) -> Money:
        return Money(minor=minor, currency=self.shape.currency)

    def tell(self, event: Event, *, is_repeat: bool = False) -> None:
        """An event from outside; what is due before it comes first. A repeat says nothing new."""
        self.wait_until(self.now)
        self.story.append(Said(self.now, "", event))
        if not is_repeat:
            self.ledger.told(event, self.now)
        self.flow.tell(event, self.now)
        self._listen()
        self._judge(invariants.at_step(self.ledger, self.now))
        matters = coverage.open_matters(self.ledger)
        if matters != self._matters:
            self._matters = matters
            self.pairs.update(coverage.pairs(matters))

    def tell_later(self, event: Event, at: datetime) -> None:
        """An event that is read only at that moment: by then more may have happened."""
        heapq.heappush(self._on_the_way, (at, len(self.story), event))

    def wait_until(self, moment: datetime) -> None:
        """Time passes, and what was on the way is read."""
        while self._on_the_way and self._on_the_way[0][0] <= moment:
            at, _, event = heapq.heappop(self._on_the_way)
            self._pass_until(at)
            self.tell(event)
        self._pass_until(moment)

    def _pass_until(self, moment: datetime) -> None:
        self.now = max(self.now, moment)
        self.flow.pass_until(moment)
        if self._listen():
            self._judge(invariants.at_step(self.ledger, self.now))

    def _listen(self) -> bool:
        told = self.flow.told
        is_news = self._seen < len(told)
        while self._seen < len(told):
            outcome = told[self._seen]
            self._seen += 1
            self.story.append(Said(outcome.at, outcome.service, outcome.event, is_outcome=True))
            if isinstance(outcome.event, CaseChangedV1):
                self._judge(pictures.judge(self.ledger, outcome.event, outcome.at))
                continue
            self._judge(words.judge(self.ledger, outcome.event, outcome.at))
            self.ledger.announced(outcome.event, outcome.at)
        return is_news

    def _judge(self, found: Iterable[Breach]) -> None:
        for breach in found:
            self.breaches.setdefault((breach.name, breach.about), breach)

    def end(self) -> Sequence[Breach]:
        """Nobody says anything any more: all deadlines pass, and the whole is judged."""
        self.wait_until(self.now + SILENCE)
        dead = [self._dead(entry) for entry in self.flow.dead]
        failed = [text for text in dead if not text.startswith("waited_too_long")]
        self._judge(invariants.at_end(self.ledger, self.now, list(self.flow.standings()), failed))
        return list(self.breaches.values())

    def judged(self) -> Counter[str]:
        """Counts the subjects that each invariant had to judge."""
        outcomes = [said.event for said in self.story if said.is_outcome]
        return coverage.judged(self.ledger, outcomes, list(self.flow.standings()))

    def _dead(self, entry: Any) -> str:
        reason = getattr(entry, "reason", "")
        return f"{getattr(reason, 'value', reason)}"


def shares(coded: Iterable[str | int], amounts: Sequence[Money] = ()) -> list[components.Share]:
    """Pieces as `line:count`, with their money where it is given."""
    found: list[components.Share] = []
    for number, text in enumerate(coded):
        line_id, count = str(text).split(":")[:2]
        amount = amounts[number] if amounts else None
        found.append(components.Share(line_id=line_id, quantity_count=int(count), amount=amount))
    return found
