"""One order in a small world: the four services in memory, and the account that judges them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from aftersales_contracts import components
from aftersales_contracts.base import Event, Money
from aftersales_contracts.enums import Role
from services.customers.service import CUSTOMERS
from services.logistics.service import LOGISTICS
from services.refunds.service import REFUNDS
from services.reviews.service import REVIEWS
from tests.histories import invariants, words
from tests.histories.breach import Breach
from tests.histories.ledger import Ledger
from tests.services.flow import LIMITS, Flow, UnwrittenFacts

T0 = datetime(2026, 1, 5, 2, tzinfo=UTC)
SHOP = "shop-1"
ORDER = "o1"
CUSTOMER = "c1"
KEYS: dict[str, Any] = {"shop_id": SHOP, "order_id": ORDER}
BUYER = components.Party(role=Role.BUYER)
SELLER = components.Party(role=Role.SELLER)
PERSON = components.Party(role=Role.SUPERVISOR)
PATIENT = replace(LIMITS, wait=timedelta(days=14))
SILENCE = timedelta(days=700)
"""After the last action: by then all deadlines have passed."""


@dataclass(frozen=True)
class Shape:
    """The order: lines as (id, pieces, price per piece), freight, and how it is paid."""

    lines: tuple[tuple[str, int, int], ...] = (("a", 1, 10_000),)
    freight: int = 0
    is_free: bool = True
    tenders: tuple[int, ...] = ()

    @property
    def total(self) -> int:
        return sum(count * price for _, count, price in self.lines) + self.freight

    def price(self, line_id: str) -> int:
        return next(price for name, _, price in self.lines if name == line_id)


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


@cache
def _wired() -> tuple[UnwrittenFacts, ...]:
    """The four services, prepared once for all histories."""
    return tuple(UnwrittenFacts(service) for service in (REFUNDS, LOGISTICS, REVIEWS, CUSTOMERS))


class SharedFlow(Flow):
    """As Flow, but services are prepared once, and early messages wait as long as in production."""

    def __init__(self) -> None:
        super().__init__(wired=_wired(), limits=PATIENT)

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

    def __post_init__(self) -> None:
        self.flow = self.make_flow()
        self._seen = 0

    def tell(self, event: Event, at: datetime | None = None) -> None:
        """An event from outside; what is due before it comes first."""
        self.now = max(self.now, at or self.now)
        self.wait_until(self.now)
        self.story.append(Said(self.now, "", event))
        self.ledger.told(event, self.now)
        self.flow.tell(event, self.now)
        self._listen()
        self._judge(invariants.at_step(self.ledger, self.now))

    def wait_until(self, moment: datetime) -> None:
        """Time passes."""
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

    def _dead(self, entry: Any) -> str:
        reason = getattr(entry, "reason", "")
        return f"{getattr(reason, 'value', reason)}"


def money(minor: int) -> Money:
    return Money(minor=minor, currency="CNY")


def shares(coded: Iterable[str | int], amounts: Sequence[int] = ()) -> list[components.Share]:
    """Pieces as `line:count`, with their money where it is given."""
    found: list[components.Share] = []
    for number, text in enumerate(coded):
        line_id, count = str(text).split(":")[:2]
        amount = money(amounts[number]) if amounts else None
        found.append(components.Share(line_id=line_id, quantity_count=int(count), amount=amount))
    return found
