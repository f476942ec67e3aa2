"""The inputs of a run, drawn from a seed: stories, noise of every type, repeats, poison, disorder.

The seed fixes what is told and in which order; moments are relative to the clock when it is told, so that
deadlines of stories fall due while the run lasts.
"""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

from tests.faults.proof import noise
from tests.faults.proof.fates import EFFECT, OTHER_BODY, REPEAT, Fate
from tests.faults.proof.poison import spoiled
from tests.faults.proof.stories import CANARY, STORIES, Story
from tests.faults.proof.templates import Draft

REPEAT_SHARE = 0.056
OTHER_BODY_SHARE = 0.006
POISON_SHARE = 0.015
NOISE_SHARE = 0.30
HOT_SHARE = 0.05
SHUFFLED_SHARE = 0.25
"""Stories whose steps are told in any order."""
GAPS = (0, 5, 60, 600)
"""Inputs between two steps of a story, about: from all at once to seconds."""
TIMED_GAPS = (60, 300)
"""Where a deadline falls due, and what is told in time has to be told in time."""
NOISE_ORDER_INPUTS = 60
"""Noise inputs about one order, about."""
REPEAT_GAPS = (1, 50, 3_000)
HOURS = 3_600
WEIGHTS = {
    "returned": 24, "kept": 20, "withdrawn": 10, "greedy": 12, "silent": 12, "unrated": 8, "unpaid": 6,
    "promised": 8, "refused": 8,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Told:
    """A story about one order."""

    order: str
    story: str
    due_at: datetime | None
    """When its deadline fires, grace included."""


@dataclass(frozen=True, slots=True)
class Input:
    """One record to publish."""

    draft: Draft
    fate: Fate


Later = tuple[float, int, Input]


class Generator:
    """Makes `count` inputs, a few more to end the stories begun; an iterator.

    `silence_seconds`: deadlines fall due between these many seconds after their story begins.
    `trouble`: factor of the shares of repeats, ids used again and poison.
    """

    def __init__(
        self,
        seed: int,
        count: int,
        *,
        tag: str,
        silence_seconds: tuple[float, float] = (10.0, 40.0),
        trouble: float = 1.0,
    ) -> None:
        self._repeats = REPEAT_SHARE * trouble
        self._others = self._repeats + OTHER_BODY_SHARE * trouble
        self._poison = self._others + POISON_SHARE * trouble
        self._dice = Random(seed)
        self._count = count
        self._tag = tag
        self._silence_seconds = silence_seconds
        self._noise = noise.templates()
        self._hot = next(t for t in self._noise if t.type == noise.HOT_SCAN)
        self._later: list[Later] = []
        self._made = 0
        self._slot = 0
        self.told: list[Told] = []
        """Stories begun so far."""

    def __iter__(self) -> Iterator[Input]:
        while self._slot < self._count:
            self._slot += 1
            self._begin()
            yield from self._due(self._slot)
        yield from self._due(float("inf"))

    def _due(self, until: float) -> Iterator[Input]:
        while self._later and self._later[0][0] <= until:
            yield heapq.heappop(self._later)[2]

    def _plan(self, slot: float, draft: Draft, fate: Fate = EFFECT) -> None:
        self._made += 1
        heapq.heappush(self._later, (slot, self._made, Input(draft, fate)))

    def _begin(self) -> None:
        """Keeps as many inputs planned as slots have passed, so that a slot is about one input."""
        while self._made < self._slot:
            draw = self._dice.random()
            if draw < NOISE_SHARE:
                self._tell_noise()
            elif draw < NOISE_SHARE + HOT_SHARE:
                self._with_trouble(self._slot, self._scan())
            else:
                self._tell_story()

    def _tell_story(self) -> None:
        names = list(WEIGHTS)
        story = STORIES[self._dice.choices(names, [WEIGHTS[name] for name in names])[0]]
        order = f"{self._tag}-{len(self.told):06}"
        now = datetime.now(UTC)
        due_at: datetime | None = None
        if story.silence is None:
            base = now - timedelta(seconds=self._dice.uniform(2 * HOURS, 9 * HOURS))
        else:
            due_at = now + timedelta(seconds=self._dice.uniform(*self._silence_seconds))
            base = due_at - story.silence
        self.told.append(Told(order, story.name, due_at))
        slots = self._slots(len(story.steps), is_timed=story.silence is not None)
        for slot, draft in zip(slots, self._drafts(story, order, base, due_at), strict=True):
            self._with_trouble(slot, draft)

    def _drafts(self, story: Story, order: str, base: datetime, due_at: datetime | None) -> Iterator[Draft]:
        for step in story.steps:
            moment = due_at if story.due_in_data else None
            yield step.template.draft(order, f"{order}.{step.name}", base + step.after, moment)

    def _slots(self, count: int, *, is_timed: bool) -> list[float]:
        gap = self._dice.choice(TIMED_GAPS if is_timed else GAPS)
        slots = [self._slot + gap * (place + self._dice.random()) for place in range(count)]
        if self._dice.random() < SHUFFLED_SHARE and not is_timed:
            self._dice.shuffle(slots)
        return slots

    def _tell_noise(self) -> None:
        orders_count = max(4, int(self._count * NOISE_SHARE / NOISE_ORDER_INPUTS))
        order = f"{self._tag}n{self._dice.randrange(orders_count)}"
        template = self._dice.choice(self._noise)
        span = self._dice.choice((HOURS, 48 * HOURS, 20 * 24 * HOURS, 20 * 24 * HOURS, 700 * 24 * HOURS))
        at = datetime.now(UTC) - timedelta(seconds=self._dice.uniform(1, span))
        named = at + timedelta(seconds=self._dice.choice((-HOURS, HOURS, 72 * HOURS)))
        self._with_trouble(self._slot, template.draft(order, f"{self._tag}.{self._made}", at, named))

    def _scan(self) -> Draft:
        at = datetime.now(UTC) - timedelta(seconds=self._dice.uniform(0, 60))
        return self._hot.draft(f"{self._tag}hot", f"{self._tag}.{self._made}", at, at)

    def _with_trouble(self, slot: float, draft: Draft) -> None:
        """The record, and by the dice its repeat, its id with other data, or a spoiled copy beside it."""
        self._plan(slot, draft)
        draw = self._dice.random()
        after = slot + self._dice.choice(REPEAT_GAPS) * self._dice.random()
        if draw < self._repeats:
            self._plan(after, draft, REPEAT)
        elif draw < self._others:
            value = f'{{"remark_code":"{CANARY}",'.encode() + (draft.value or b"")[1:]
            self._plan(after, Draft(draft.topic, draft.key, draft.headers, value), OTHER_BODY)
        elif draw < self._poison:
            self._plan(after, *spoiled(draft, self._dice))
