"""Shows cases, explanations and dead letters on a terminal."""

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.tree import Tree

from cli import words
from cli.history import CaseStory, Cause, Explanation, Step


def cause_words(cause: Cause) -> str:
    """Says the cause of a decision in words."""
    if cause.type == "deadline":
        return f"deadline {cause.id.rpartition('/')[2].replace('_', ' ')}"
    return f"{words.short_type(cause.type)} from {cause.source}"


def show_cases(console: Console, stories: Sequence[CaseStory]) -> None:
    """Each case with its history."""
    for story in stories:
        color = "green" if story.is_ended else "yellow"
        title = f"[bold]{escape(words.spoken(story.kind))}[/bold] {escape(story.case_id)}"
        console.print(f"\n{title}  [{color}]{words.spoken(story.state)}[/{color}]", highlight=False)
        console.print(
            f"  {story.service}, about {escape(story.subject)}, shop {escape(story.shop_id)},"
            f" policy {escape(story.policy)}",
            style="dim",
            highlight=False,
        )
        console.print(steps_table(story.steps))
        for deadline in story.deadlines:
            console.print(
                f"  runs: [yellow]{deadline.name}[/yellow] until {words.moment(deadline.due_at)} UTC",
                highlight=False,
            )


def steps_table(steps: Sequence[Step]) -> Table:
    """The decisions of one case."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for column in ("when (UTC)", "what came", "decided", "", "rules", "announced as"):
        table.add_column(column, overflow="fold")
    for step in steps:
        table.add_row(
            words.moment(step.at),
            escape(cause_words(step.cause)),
            f"[bold]{escape(words.spoken(step.name))}[/bold]",
            escape(words.details(step.event or step.data)),
            ", ".join(step.rules),
            f"[cyan]{words.short_type(step.announced)}[/cyan] {escape(step.event_id)}"
            if step.announced
            else "",
        )
    return table


def show_explanation(console: Console, found: Explanation) -> None:
    """Where an event came from and what it led to."""
    tree = Tree(f"[bold]{escape(found.event_id)}[/bold]", highlight=False)
    if found.decided is not None:
        _add(tree.add("announced by"), found.decided)
        if found.before:
            earlier = tree.add("which goes back to")
            for step in found.before:
                _add(earlier, step)
    if found.after:
        later = tree.add("led to")
        for step in found.after:
            _add(later, step)
    if found.lost:
        tree.add("no service knows it; it may be among records that were deleted before they were read:")
    for kept in (*found.kept, *found.lost):
        tree.add(
            f"[red]{kept.service}: {escape(kept.what)}[/red] {escape(kept.reason)} {escape(kept.detail)}"
            f" [dim]{words.moment(kept.at)}[/dim]"
        )
    console.print(tree)


def _add(branch: Tree, step: Step) -> None:
    rules = f" [dim]by {', '.join(step.rules)} ({escape(step.policy)})[/dim]" if step.rules else ""
    announced = f" -> [cyan]{words.short_type(step.announced)}[/cyan]" if step.announced else ""
    branch.add(
        f"{words.moment(step.at)} {step.service} {escape(step.kind)} {escape(step.case_id)}:"
        f" [bold]{escape(words.spoken(step.name))}[/bold]{announced}{rules}"
        f" [dim]because of {escape(cause_words(step.cause))}[/dim]"
    )
