"""Judges which way a parcel was going when it was signed for: to its recipient, or back to its sender."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum

from kernel.rules import rules_of
from kernel.value import Value
from services.logistics.parcels import ParcelStatus


class Bend(StrEnum):
    """The meaning of a scan for the way. The order counts for scans of one moment."""

    MOVED = "moved"
    """Carried on; after a refusal that is the way back."""
    TRIED = "tried"
    """Offered to the recipient where it is."""
    DECLINED = "declined"
    """Not taken by the recipient, who may still take it after all."""
    BACK = "back"
    FORTH = "forth"
    """On the last way to the recipient, after a return once more."""


_ORDER = {bend: order for order, bend in enumerate(Bend)}
_BENDS: Mapping[ParcelStatus, Bend] = {
    ParcelStatus.PICKED_UP: Bend.MOVED,
    ParcelStatus.IN_TRANSIT: Bend.MOVED,
    ParcelStatus.MISSORTED: Bend.MOVED,
    ParcelStatus.CUSTOMS: Bend.MOVED,
    ParcelStatus.TRANSFERRED: Bend.MOVED,
    ParcelStatus.AVAILABLE_FOR_PICKUP: Bend.TRIED,
    ParcelStatus.ATTEMPT_FAILED: Bend.TRIED,
    ParcelStatus.REFUSED: Bend.DECLINED,
    ParcelStatus.NOT_COLLECTED: Bend.DECLINED,
    ParcelStatus.RETURNING: Bend.BACK,
    ParcelStatus.INTERCEPTED: Bend.BACK,
    ParcelStatus.RETURNED: Bend.BACK,
    ParcelStatus.OUT_FOR_DELIVERY: Bend.FORTH,
}


class Step(Value):
    """A scan that says which way the parcel goes. `told_at` orders scans that count at one moment."""

    at: datetime
    told_at: datetime
    bend: Bend

    @property
    def key(self) -> tuple[datetime, datetime, int]:
        """The order of steps: that of their scans."""
        return (self.at, self.told_at, _ORDER[self.bend])


def with_step(
    way: tuple[Step, ...], status: ParcelStatus, at: datetime, told_at: datetime
) -> tuple[Step, ...]:
    """Adds a scan to the way, in its order; the result is the same for any order and any repetition."""
    bend = _BENDS.get(status)
    if bend is None:
        return way
    step = Step(at, told_at, bend)
    if not way or way[-1].key < step.key:
        return (*way, step)
    return way if step in way else tuple(sorted((*way, step), key=lambda each: each.key))


@rules_of("RF-036", "RF-044", "LG-050")
def is_going_back(way: Iterable[Step], until: tuple[datetime, datetime]) -> bool:
    """Says whether the parcel was on its way to its sender at that moment.

    A return stands until the carrier goes out for delivery again. A refusal alone is none: who refused may
    take the parcel after all, but not once it has been carried on.
    """
    bend = Bend.FORTH
    for step in way:
        if (step.at, step.told_at) > until:
            break
        match step.bend:
            case Bend.FORTH | Bend.BACK:
                bend = step.bend
            case Bend.DECLINED | Bend.TRIED:
                bend = step.bend if bend is not Bend.BACK else bend
            case Bend.MOVED:
                bend = Bend.BACK if bend is Bend.DECLINED else bend
    return bend is Bend.BACK
