"""Defects that the harness plants to show that it would find them; each is a patch of a running service.

A patch replaces something that has a name in the code. Where that is gone, the process does not start: a
mutant that changes nothing would be worse than none. What brings each to light is said beside it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.faults.proof import mutants_of_ingest as ingest
from tests.faults.proof import mutants_of_log as log

BACKLOG = {"AFTERSALES_LIMITS__BATCH_RECORDS": "20"}


@dataclass(frozen=True)
class Mutant:
    """One defect, and the shortest way to see it."""

    name: str
    breaks: str
    """The property that no longer holds, in one sentence."""
    apply: Callable[[], None] = field(repr=False)
    """Makes the defect in the process that calls it."""
    services: tuple[str, ...] = ("refunds",)
    """A world of these is enough."""
    replicas: int = 2
    kinds: tuple[str, ...] = ()
    """Kinds of faults that bring it to light; none: it shows in the calm."""
    inputs_count: int = 400
    starts_late: bool = False
    """The inputs lie in the topics before the services read (stop the replicas, publish, start them)."""
    needs: str = ""
    """Inputs that must be there."""
    settings: Mapping[str, str] = field(default_factory=dict[str, str])
    """Environment of its processes, beyond the usual."""

    @property
    def patch(self) -> str:
        """The mutant's name for `world(patch=...)`."""
        return self.name


_ALL = (
    Mutant(
        "repeats_not_dropped",
        "an event that comes again is taken for a new one, with other data, too",
        ingest.repeats_not_dropped,
        kinds=("replay",),
        needs="repeats in other batches, with the same and with another body",
    ),
    Mutant(
        "other_body_accepted",
        "an id that comes again with other data is decided on instead of refused",
        ingest.other_body_accepted,
        needs="the same id with another body, in another batch",
    ),
    Mutant(
        "offsets_before_commit",
        "offsets move before the transaction, unchecked: what a crash interrupts is lost",
        ingest.offsets_before_commit,
        kinds=("kill_before_commit", "kill"),
        settings=BACKLOG,
    ),
    Mutant(
        "inbox_beside_the_transaction",
        "an event is marked as seen before what it means is written: a crash in between loses it",
        ingest.inbox_beside_the_transaction,
        kinds=("kill_before_commit", "connection_reset"),
        settings=BACKLOG,
    ),
    Mutant(
        "waiting_dropped",
        "a message that a case cannot take yet is forgotten",
        ingest.waiting_dropped,
        needs="steps of a case out of order",
    ),
    Mutant(
        "lost_behind_poison",
        "the rest of a batch behind a refused record is forgotten",
        ingest.lost_behind_poison,
        needs="poison",
    ),
    Mutant(
        "version_fence_off",
        "cases are written without a lock, whatever their version: who comes second undoes the first",
        ingest.version_fence_off,
        needs="deadlines that fall due during the run",
    ),
    Mutant(
        "deadlines_past_the_horizon",
        "deadlines fire by the clock on the wall, before what was said in time has been read",
        ingest.deadlines_past_the_horizon,
        starts_late=True,
        needs="answers before a deadline that lies in the past by now",
        settings={"AFTERSALES_LIMITS__BATCH_RECORDS": "5"},
    ),
    Mutant(
        "money_check_off",
        "money is granted that the account of the order does not hold",
        ingest.money_check_off,
        settings={"AFTERSALES_LIMITS__RETRY_FIRST_MS": "20"},  # another check fails then, soon for good
        needs="applications for more than was paid, and for what was paid back already",
    ),
    Mutant(
        "money_before_grant_dropped",
        "a settlement that is read before its grant is forgotten with the grant",
        ingest.money_before_grant_dropped,
        starts_late=True,
        needs="settlements in a topic that is read before the applications",
        settings={"AFTERSALES_LIMITS__BATCH_RECORDS": "5"},
    ),
    Mutant(
        "positions_without_the_lock",
        "positions are given in a transaction of their own, before the commit: the cursor passes them by",
        log.positions_without_the_lock,
    ),
    Mutant(
        "facts_without_the_lock",
        "two writers may take the same positions, and what is written second is not published",
        log.facts_without_the_lock,
    ),
    Mutant(
        "two_relay_leaders",
        "two relays publish at once, each the windows that the other does not: order of a key breaks",
        log.two_relay_leaders,
        needs="several outcomes of a case in short time",
    ),
    Mutant(
        "retry_without_the_id",
        "what is published again after a crash has another id than the first time",
        log.retry_without_the_id,
        kinds=("kill_between_publish_and_cursor", "broker_kill"),
    ),
    Mutant(
        "cursor_before_acknowledgement",
        "the cursor moves before the broker has acknowledged: what a crash interrupts is not announced",
        log.cursor_before_acknowledgement,
        kinds=("broker_kill", "kill"),
    ),
    Mutant(
        "announced_twice",
        "an outcome is announced a second time under another id",
        log.announced_twice,
    ),
    Mutant(
        "dead_letter_without_its_place",
        "a dead letter does not say where the record lay, and does not keep it",
        log.dead_letter_without_its_place,
        needs="poison",
    ),
    Mutant(
        "dead_letters_not_written",
        "what cannot be used is dropped",
        log.dead_letters_not_written,
        needs="poison",
    ),
)
MUTANTS: Mapping[str, Mutant] = {mutant.name: mutant for mutant in _ALL}
