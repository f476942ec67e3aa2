"""Who has the goods, piece by piece, from what warehouse, carriers and buyers tell."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from aftersales_contracts.enums import ParcelDirection, ParcelStatus

MOVING = frozenset(
    {
        ParcelStatus.PICKED_UP,
        ParcelStatus.IN_TRANSIT,
        ParcelStatus.CUSTOMS,
        ParcelStatus.OUT_FOR_DELIVERY,
        ParcelStatus.AVAILABLE_FOR_PICKUP,
        ParcelStatus.ATTEMPT_FAILED,
        ParcelStatus.OUT_OF_RANGE,
        ParcelStatus.ADDRESS_PROBLEM,
        ParcelStatus.HELD,
        ParcelStatus.REFUSED,
        ParcelStatus.RETURNING,
        ParcelStatus.MISSORTED,
        ParcelStatus.INTERCEPTED,
        ParcelStatus.NOT_COLLECTED,
        ParcelStatus.PROBLEM,
    }
)
_HOMEWARD = (ParcelStatus.RETURNING, ParcelStatus.INTERCEPTED, ParcelStatus.RETURNED)
_DECLINED = (ParcelStatus.REFUSED, ParcelStatus.NOT_COLLECTED)
_CARRIED = (
    ParcelStatus.PICKED_UP,
    ParcelStatus.IN_TRANSIT,
    ParcelStatus.MISSORTED,
    ParcelStatus.CUSTOMS,
    ParcelStatus.TRANSFERRED,
)
_OFFERED = (ParcelStatus.AVAILABLE_FOR_PICKUP, ParcelStatus.ATTEMPT_FAILED)
_ORDER = (*_CARRIED, *_OFFERED, *_DECLINED, *_HOMEWARD, ParcelStatus.OUT_FOR_DELIVERY)
"""Statuses that say which way a parcel goes, in the order that counts within one moment."""


class Where(StrEnum):
    """A place where a piece can be."""

    SHOP = "shop"
    TO_BUYER = "under way to the buyer"
    BUYER = "buyer"
    BACK = "under way back"
    LOST = "lost"
    UNKNOWN = "unknown"


@dataclass
class Piece:
    """One piece of goods. `has_left`: it was out of the shop before; `is_refused`: found unfit there."""

    line_id: str
    where: Where = Where.SHOP
    parcel_id: str = ""
    has_left: bool = False
    was_with_buyer: bool = False
    is_refused: bool = False
    moved_at: datetime | None = None
    came_in: str = ""
    """The box that the buyer put it into last."""


@dataclass
class Parcel:
    """A parcel or the box of a return; `news` are statements about it by the moment that they are of."""

    parcel_id: str
    direction: ParcelDirection
    carrier_code: str
    tracking_code: str
    lines: Counter[str]
    request_id: str | None = None
    purpose: str = ""
    return_ids: set[str] = field(default_factory=set[str])
    news: list[tuple[datetime, int, str]] = field(default_factory=list[tuple[datetime, int, str]])
    heard: list[tuple[datetime, str]] = field(default_factory=list[tuple[datetime, str]])
    """The same statements by the moment at which they were read."""
    doubtful: set[int] = field(default_factory=set[int])
    """Statements that it is lost which do not doubt a signature: one that comes to be known refutes them."""
    left_at: datetime | None = None
    is_void: bool = False
    is_gone: bool = False
    turned_at: datetime | None = None
    """When it was refused or sent on its way back by the carrier."""
    is_collect: bool = False
    """Whether the carrier wants the freight from the shop."""
    handed_at: datetime | None = None
    """When the warehouse said that it left."""
    is_sent_off: bool = False
    """Whether the shop did not take it in: its goods go back to the buyer."""
    scans: list[tuple[datetime, int, ParcelStatus]] = field(
        default_factory=list[tuple[datetime, int, ParcelStatus]]
    )

    @property
    def is_back(self) -> bool:
        return self.direction is ParcelDirection.RETURN

    @property
    def standing(self) -> str:
        """Where the parcel is by its news: here, moving, there, home or lost.

        Of a loss and an arrival that are of one moment the arrival counts, whichever was read first.
        """
        standing = "here"
        for _, _, word in sorted(
            self.news, key=lambda said: (said[0], said[2] in ("there", "home"), said[1])
        ):
            if word == "moving" and standing in ("there", "home"):
                continue
            standing = word
        return standing

    @property
    def last(self) -> datetime | None:
        return max((at for at, _, _ in self.news), default=None)

    def says(self, word: str) -> bool:
        return any(said == word for _, _, said in self.news)

    def goes_home(self, until: datetime) -> bool:
        """Whether the carrier was bringing it back to its sender at that moment."""
        is_homeward = is_declined = False
        said = [(at, _ORDER.index(status), status) for at, _, status in self.scans if status in _ORDER]
        for _, _, status in sorted(each for each in said if each[0] <= until):
            if status is ParcelStatus.OUT_FOR_DELIVERY:
                is_homeward = is_declined = False
            elif status in _HOMEWARD or (is_declined and status in _CARRIED):
                is_homeward = True
            elif not is_homeward:
                is_declined = status in _DECLINED
        return is_homeward

    def reword(self) -> None:
        """Reads every signature by the way before it: who signs on the way back is the sender."""
        signed = {number: at for at, number, status in self.scans if status is ParcelStatus.DELIVERED}
        if not self.is_back:
            self.news = [
                (at, number, ("home" if self.goes_home(at) else "there") if number in signed else word)
                for at, number, word in self.news
            ]


_WORDS: Mapping[ParcelStatus, str] = {
    **dict.fromkeys(MOVING, "moving"),
    ParcelStatus.DELIVERED: "there",
    ParcelStatus.RETURNED: "home",
    ParcelStatus.LOST: "lost",
}
_PLACES: Mapping[str, Where] = {
    "moving": Where.TO_BUYER,
    "there": Where.BUYER,
    "home": Where.SHOP,
    "lost": Where.LOST,
}
_PLACES_BACK: Mapping[str, Where] = {
    "moving": Where.BACK,
    "there": Where.SHOP,
    "home": Where.SHOP,
    "lost": Where.LOST,
}


class Goods:
    """All pieces of one order, and those that were sent in their place."""

    def __init__(self) -> None:
        self.ordered: Counter[str] = Counter()
        self.pieces: list[Piece] = []
        self.parcels: dict[str, Parcel] = {}
        self._early: dict[str, list[tuple[datetime, int, ParcelStatus]]] = {}
        self._count = 0

    def place(self, lines: Mapping[str, int]) -> None:
        self.ordered = Counter(lines)
        self.pieces = [Piece(line_id) for line_id, count in lines.items() for _ in range(count)]

    def count(self, line_id: str, *places: Where) -> int:
        return sum(p.line_id == line_id and p.where in places for p in self.pieces)

    def by_tracking(self, carrier_code: str, tracking_code: str) -> Parcel | None:
        for parcel in self.parcels.values():
            if (parcel.carrier_code, parcel.tracking_code) == (carrier_code, tracking_code):
                return parcel
        return None

    def inside(self, parcel_id: str) -> list[Piece]:
        return [piece for piece in self.pieces if piece.parcel_id == parcel_id]

    def register(self, parcel: Parcel) -> None:
        """A waybill; scans of it may have been read before."""
        if parcel.parcel_id in self.parcels:
            return
        self.parcels[parcel.parcel_id] = parcel
        key = f"{parcel.carrier_code}/{parcel.tracking_code}"
        for at, number, status in self._early.pop(key, []):
            parcel.scans.append((at, number, status))
            self._news(parcel, at, number, _WORDS[status])
        parcel.reword()

    def void(self, parcel_id: str) -> None:
        if (parcel := self.parcels.get(parcel_id)) is not None and parcel.left_at is None:
            parcel.is_void = True

    def leave(self, parcel_id: str, at: datetime) -> None:
        """The parcel left the shop: its pieces are under way."""
        parcel = self.parcels.get(parcel_id)
        if parcel is None or parcel.is_gone:
            return
        parcel.is_gone, parcel.left_at = True, at
        if not parcel.news:
            parcel.news.append((at, self._next(), "moving"))
        if parcel.is_back:
            return
        for line_id, count in parcel.lines.items():
            for piece in self._taken(parcel, line_id, count):
                piece.where, piece.parcel_id, piece.has_left = Where.TO_BUYER, parcel_id, True
                piece.moved_at, piece.is_refused = at, False  # what comes again is looked at again

    def _taken(self, parcel: Parcel, line_id: str, count: int) -> list[Piece]:
        """The pieces that go into a parcel; what is sent in place of others comes from the stock."""
        is_again = parcel.purpose == "return_to_buyer" or parcel.direction is ParcelDirection.TO_BUYER
        is_first = parcel.direction is ParcelDirection.OUTBOUND
        here = [p for p in self.pieces if p.line_id == line_id and p.where is Where.SHOP]
        here = [p for p in here if (p.has_left and is_again) or (not p.has_left and is_first)]
        here = here[:count]
        fresh = [Piece(line_id) for _ in range(count - len(here))]
        self.pieces += fresh
        return [*here, *fresh]

    def scan(
        self, carrier_code: str, tracking_code: str, status: ParcelStatus, at: datetime, now: datetime
    ) -> None:
        word = _WORDS.get(status)
        if word is None:
            return
        parcel = self.by_tracking(carrier_code, tracking_code)
        if parcel is None:
            early = self._early.setdefault(f"{carrier_code}/{tracking_code}", [])
            early.append((at, self._next(), status))
            return
        if word in ("there", "home"):
            parcel.news = [said for said in parcel.news if said[1] not in parcel.doubtful]
        number = self._next()
        parcel.scans.append((at, number, status))
        self._news(parcel, at, number, word)
        parcel.reword()
        parcel.heard.append((now, next(said for _, each, said in parcel.news if each == number)))
        if status in (*_DECLINED, ParcelStatus.RETURNING, ParcelStatus.INTERCEPTED):
            parcel.turned_at = at
        self._move(parcel, now)

    def told(self, parcel: Parcel, word: str, at: datetime, *, is_over_signature: bool = False) -> None:
        """A statement about a parcel that is no scan: lost by the courier, at the gate, checked."""
        number = self._next()
        if word == "lost" and not is_over_signature:
            parcel.doubtful.add(number)
        self._news(parcel, at, number, word)
        parcel.heard.append((at, word))
        self._move(parcel, at)

    def _news(self, parcel: Parcel, at: datetime, number: int, word: str) -> None:
        if not parcel.is_gone:
            self.leave(parcel.parcel_id, at)
            parcel.news.clear()
        parcel.news.append((at, number, word))

    def _move(self, parcel: Parcel, now: datetime) -> None:
        places = _PLACES_BACK if parcel.is_back else _PLACES
        where = places.get(parcel.standing)
        if where is None:
            return
        for piece in self.inside(parcel.parcel_id):
            if piece.where is not where:
                piece.where, piece.moved_at = where, now
            piece.was_with_buyer |= where is Where.BUYER

    def renumber(self, parcel_id: str, carrier_code: str, tracking_code: str, now: datetime) -> None:
        """The parcel has another number: what was scanned under the old one says nothing of it.

        Nor does what was said of its loss: it is under way again.
        """
        parcel = self.parcels.get(parcel_id)
        if parcel is None or parcel.handed_at is None:
            return
        parcel.carrier_code, parcel.tracking_code = carrier_code, tracking_code
        parcel.scans.clear()
        parcel.heard = [(now, "moving")]
        parcel.left_at = parcel.handed_at
        parcel.news = [(parcel.handed_at, self._next(), "moving")]

    def send_back(self, box: Parcel, return_ids: set[str], lines: Mapping[str, int], now: datetime) -> None:
        """The buyer puts pieces into a box; a box may hold those of several returns."""
        box = self.parcels.setdefault(box.parcel_id, box)
        box.return_ids |= return_ids
        box.lines.update(lines)
        box.is_gone, box.left_at = True, box.left_at or now
        if not box.news:
            box.news.append((now, self._next(), "moving"))
        for line_id, count in lines.items():
            with_buyer = [p for p in self.pieces if p.line_id == line_id and p.where is Where.BUYER]
            for piece in with_buyer[:count]:
                piece.where, piece.parcel_id, piece.moved_at = Where.BACK, box.parcel_id, now
                piece.came_in = box.parcel_id

    def check(self, box: Parcel, found: Iterable[tuple[str, int, int]], now: datetime) -> None:
        """Notes what the warehouse found in a box: pieces that came are at the shop, others are unknown.

        A second look tells of the whole box again, also of pieces that went out of it since.
        """
        box.news.append((now, self._next(), "home"))
        for line_id, received, accepted in found:
            came = [p for p in self.pieces if p.came_in == box.parcel_id and p.line_id == line_id]
            pieces = [p for p in came if p.parcel_id == box.parcel_id]
            for number, piece in enumerate(pieces, len(came) - len(pieces)):
                piece.where = Where.SHOP if number < received else Where.UNKNOWN
                piece.is_refused = accepted <= number < received
                piece.moved_at = now

    def send_off(self, box: Parcel, now: datetime) -> None:
        """The shop does not take a box in: the buyer keeps what is in it."""
        box.is_sent_off = True
        for piece in self.inside(box.parcel_id):
            piece.where, piece.parcel_id, piece.moved_at = Where.BUYER, "", now

    def accept(self, box: Parcel, lines: Mapping[str, int], now: datetime) -> None:
        """The seller has goods of a box in hand."""
        for line_id, count in lines.items():
            pieces = [p for p in self.inside(box.parcel_id) if p.line_id == line_id]
            for piece in pieces[:count]:
                piece.where, piece.is_refused, piece.moved_at = Where.SHOP, False, now

    def _next(self) -> int:
        self._count += 1
        return self._count
