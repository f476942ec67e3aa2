"""Shows the picture of a run on a terminal."""

from collections.abc import Mapping

from rich.columns import Columns
from rich.console import Console, Group
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from cli import speech, words
from cli.picture import Picture, Story, Sum
from cli.show import cause_words

COLORS = {"refunds": "red", "logistics": "blue", "reviews": "magenta", "customers": "green"}
ROWS_MAX = 10
BAR_WIDTH = 18
STORY_STEPS_MAX = 14
RULES_MAX = 2


def show(console: Console, picture: Picture) -> None:
    """Everything, in the order in which a person asks."""
    console.print()
    console.rule(
        f"[bold]{picture.order_count:,} orders, {picture.first_day} to {picture.last_day}[/bold]", style="dim"
    )
    console.print(
        f"{picture.decision_count:,} decisions, {picture.outcome_count:,} outcomes announced,"
        f" {sum(picture.deadlines.values()):,} deadlines fired,"
        f" {sum(picture.dead_letters.values()):,} dead letters",
        justify="center",
        highlight=False,
    )
    console.print(_cases(picture.cases))
    console.print(
        Columns(
            [
                Panel(_money(picture), title="money", border_style="dim"),
                Panel(_bars(picture.deadlines), title="deadlines that fired", border_style="dim"),
                Panel(_bars(picture.dead_letters), title="dead letters", border_style="dim"),
            ]
        )
    )
    for story in picture.stories:
        console.print(_story(story))


def _cases(cases: Mapping[str, Mapping[str, int]]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("kind of case")
    table.add_column("", justify="right")
    table.add_column("how they stand")
    for name, states in cases.items():
        service, _, kind = name.partition("/")
        standing = ", ".join(
            f"{words.spoken(state).lower()} [bold]{count:,}[/bold]"
            for state, count in sorted(states.items(), key=lambda entry: -entry[1])
        )
        color = COLORS.get(service, "white")
        table.add_row(f"[{color}]{words.spoken(kind)}[/{color}]", f"{sum(states.values()):,}", standing)
    return table


def _money(picture: Picture) -> Table:
    table = Table(box=None, show_header=False, padding=(0, 1, 0, 0))
    table.add_column()
    table.add_column(justify="right")
    for entries, color in (
        (picture.paid_in, "green"),
        (picture.paid_out, "red"),
        (picture.recovered, "green"),
    ):
        for entry in entries:
            table.add_row(words.spoken(entry.purpose).lower(), f"[{color}]{_amount(entry)}[/{color}]")
    return table


def _amount(entry: Sum) -> str:
    return words.amount({"currency": entry.currency, "minor": entry.minor})


def _bars(counts: Mapping[str, int]) -> Group:
    ordered = sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))
    if not ordered:
        return Group(Text("none", style="dim"))
    most = ordered[0][1]
    table = Table(box=None, show_header=False, padding=(0, 1, 0, 0))
    for name, count in ordered[:ROWS_MAX]:
        bar = "█" * max(1, round(BAR_WIDTH * count / most))
        table.add_row(name.replace("_", " "), f"{count:,}", f"[cyan]{bar}[/cyan]")
    rest = ordered[ROWS_MAX:]
    if rest:
        table.add_row(f"[dim]{len(rest)} more[/dim]", f"{sum(count for _, count in rest):,}", "")
    return Group(table)


def _story(story: Story) -> Panel:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    table.add_column(overflow="fold", max_width=13)
    for step in story.steps[:STORY_STEPS_MAX]:
        color = COLORS.get(step.service, "white")
        what = words.short_type(step.announced) if step.announced else words.spoken(step.name)
        table.add_row(
            f"[dim]{words.moment(step.at)}[/dim]",
            f"[{color}]{escape(words.spoken(what.replace('.', ': ')))}[/{color}]"
            f" {escape(speech.gist(step.event or step.data).en)}"
            f" [dim]({escape(cause_words(step.cause))})[/dim]",
            f"[dim]{' '.join(step.rules[:RULES_MAX])}[/dim]",
        )
    left = len(story.steps) - STORY_STEPS_MAX + story.left_out_count
    if left > 0:
        table.add_row("", f"[dim]and {left} more[/dim]")
    return Panel(
        table, title=f"{story.title.en}: order {story.subject}", border_style="dim", title_align="left"
    )
