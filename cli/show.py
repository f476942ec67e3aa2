"""Shows cases and explanations on a terminal, in Chinese or English."""

from collections.abc import Sequence
from datetime import datetime

from rich.console import Console
from rich.markup import escape
from rich.tree import Tree

from aftersales_contracts import catalogue
from cli import speech, timeline, words
from cli.history import CaseStory, Cause, Explanation, Kept, Step
from cli.speech import Both

COLORS = {"refunds": "red", "logistics": "blue", "reviews": "magenta", "customers": "green"}


def cause_words(cause: Cause) -> str:
    """Says the cause of a decision in words."""
    if cause.type == "deadline":
        return f"deadline {cause.id.rpartition('/')[2].replace('_', ' ')}"
    return f"{words.short_type(cause.type)} from {cause.source}"


def show_cases(
    console: Console, stories: Sequence[CaseStory], language: str, now: datetime, *, is_whole: bool = False
) -> None:
    """One timeline of all cases, what was turned away, and how each stands."""

    def say(zh: str, en: str) -> str:
        return Both(zh, en).text(language)

    entries = timeline.merged(stories)
    shown = [entry for entry in entries if is_whole or not entry.is_inside]
    for number, entry in enumerate(shown):
        since = entry.at - shown[number - 1].at if number else None
        _entry(console, entry, language, "" if since is None else f"+{words.duration(since)}")
    if left := len(entries) - len(shown):
        console.print(say(f"另有 {left} 步内部处理：--all", f"and {left} steps inside: --all"), style="dim")
    refused = timeline.refusals(stories)
    if refused:
        console.print(f"\n[bold]{say('为什么没有受理', 'why it was turned away')}[/bold]")
    for step, reason in refused:
        console.print(
            f"  {words.second(step.at)}  [red]{escape(reason.text(language))}[/red]", highlight=False
        )
        _rules(console, timeline.rules(step.rules), language)
    console.print(f"\n[bold]{say('现状', 'how it stands')}[/bold]")
    for story in stories:
        if is_whole or story.status:
            _standing(console, story, language, now)


def _entry(console: Console, entry: timeline.Entry, language: str, since: str) -> None:
    color = COLORS.get(entry.service, "white")
    console.print(
        f"\n[bold]{words.second(entry.at)}[/bold] [dim]{since}[/dim]  "
        f"[{color}]{escape(speech.kind(entry.kind).text(language))}[/{color}] {escape(entry.case_id)}"
        f"  [dim]<- {escape(entry.cause.text(language))} {escape(entry.cause_id)}[/dim]",
        highlight=False,
    )
    for headline, details in entry.decided:
        told = details.text(language)
        console.print(
            f"  [bold]{escape(headline.text(language))}[/bold]{': ' if told else ''}{escape(told)}",
            highlight=False,
        )
    if entry.status is not None:
        console.print(f"  -> [yellow]{escape(entry.status.text(language))}[/yellow]", highlight=False)
    _rules(console, entry.rules, language)


def _rules(console: Console, rules: Sequence[timeline.Rule], language: str) -> None:
    for rule in rules:
        text = "" if rule.text is None else rule.text.text(language)
        console.print(f"    [dim]{rule.id} {escape(text)}[/dim]", highlight=False)


def _standing(console: Console, story: CaseStory, language: str, now: datetime) -> None:
    """Says how a case stands, whose turn it is, and which deadlines run."""
    color = "green" if story.is_ended else "yellow"
    status = speech.status(story.kind, story.status or story.state)
    ending = speech.of("endings", f"{story.kind}.{story.ending}") if story.ending else None
    told = [status.text(language)]
    if ending is not None and ending != status:
        told.append(ending.text(language))
    if story.waits_for:
        role = speech.said("values", story.waits_for)
        told.append(Both(f"等待{role.zh}", f"waits for {role.en}").text(language))
    console.print(
        f"  {escape(speech.kind(story.kind).text(language))} {escape(story.case_id)}:"
        f" [{color}]{escape(', '.join(told))}[/{color}]"
        f" [dim]{story.service}, {escape(story.subject)}, {escape(story.shop_id)},"
        f" {escape(story.policy)}[/dim]",
        highlight=False,
    )
    for running in story.deadlines:
        code = f"{story.kind}.{running.name}"
        left = running.due_at - now
        over = running.due_at < now
        due = Both("已过期 ", "over for ") if over else Both("还剩 ", "left: ")
        end = speech.deadline_end(code)
        then = "" if end is None else f" -> {end.text(language)}"
        console.print(
            f"    {words.second(running.due_at)} {escape(speech.deadline(code).text(language))}"
            f" ({due.text(language)}{words.duration(-left if over else left)}){escape(then)}",
            highlight=False,
        )


def show_explanation(console: Console, found: Explanation, language: str = "en") -> None:
    """Where an event came from and what it led to."""

    def say(zh: str, en: str) -> str:
        return Both(zh, en).text(language)

    tree = Tree(f"[bold]{escape(found.event_id)}[/bold]", highlight=False)
    if found.decided is not None:
        _add(tree.add(say("由此发出", "announced by")), found.decided, language)
        if found.before:
            earlier = tree.add(say("起因是", "which goes back to"))
            for step in found.before:
                _add(earlier, step, language)
    if found.after:
        later = tree.add(say("引起了", "led to"))
        for step in found.after:
            _add(later, step, language)
    if found.lost:
        tree.add(
            say(
                "没有服务知道它；它可能在未读就被删除的记录里：",
                "no service knows it; it may be among records that were deleted before they were read:",
            )
        )
    for kept in (*found.kept, *found.lost):
        _add_kept(tree, kept, language)
    console.print(tree)


def _add_kept(tree: Tree, kept: Kept, language: str) -> None:
    branch = tree.add(
        f"[red]{kept.service}: {escape(kept.what)}[/red] {escape(kept.reason)} {escape(kept.detail)}"
        f" [dim]{words.second(kept.at)}[/dim]"
    )
    if (letter := catalogue.dead_letters().get(kept.reason)) is not None:
        branch.add(f"[red]{escape(letter.text(language))}[/red]")
        branch.add(escape(letter.advice.text(language)))


def _add(branch: Tree, step: Step, language: str) -> None:
    announced = f" -> [cyan]{words.short_type(step.announced)}[/cyan]" if step.announced else ""
    details = timeline.details(step).text(language)
    node = branch.add(
        f"{words.second(step.at)} {step.service} {escape(speech.kind(step.kind).text(language))}"
        f" {escape(step.case_id)}: [bold]{escape(timeline.headline(step).text(language))}[/bold]"
        f" {escape(details)}{announced} [dim]<- {escape(timeline.cause(step.cause).text(language))}[/dim]"
    )
    for rule in timeline.rules(step.rules):
        text = "" if rule.text is None else f" {rule.text.text(language)}"
        node.add(f"[dim]{rule.id}{escape(text)} ({escape(step.policy)})[/dim]")
