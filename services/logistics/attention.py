"""Defines the looks that a person takes at a case which nothing else moves."""

from datetime import datetime, timedelta

from kernel.decider import Deadline
from kernel.ids import derived_id
from kernel.people import Task
from kernel.value import Value, replace


class Attention(Value):
    """The next look of a person at a case without a deadline of its own, and the number of looks left."""

    due_at: datetime
    left: int
    every_hours: int
    then_hours: int = 0
    """The pause between the looks after those; 0: nobody looks any more."""
    task_id: str = ""
    """The last look that was asked for."""

    def deadlines(self) -> list[Deadline]:
        """Lists its deadline, while any look is left."""
        return [Deadline("attention", self.due_at)] if self.left or self.then_hours else []

    def next(self) -> "Attention":
        """Moves to the look after this one."""
        left = max(self.left - 1, 0)
        hours = self.every_hours if left or not self.then_hours else self.then_hours
        return replace(self, due_at=self.due_at + timedelta(hours=hours), left=left)

    @property
    def nth(self) -> str:
        """A word that tells the looks of one case apart."""
        return self.due_at.strftime("%Y%m%d%H%M%S")


class AttentionDrawn(Value):
    """Nobody moved the case for long: a person is asked to look, and no money moves (task.requested)."""

    task: Task
    attention: Attention


def draw(case: str, question_code: str, attention: Attention) -> AttentionDrawn:
    """Asks for one look at a case; `case` names its kind and itself."""
    task_id = derived_id(case, "attention", attention.nth)
    after = replace(attention.next(), task_id=task_id)
    return AttentionDrawn(Task(question_code, after.due_at, task_id=task_id), after)
