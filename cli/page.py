"""Renders the picture of a run as one self-contained HTML page: light and dark, phone and screen."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path

from cli import words
from cli.history import Step
from cli.picture import Picture, Story, Sum
from cli.show import cause_words

STYLE = Path(__file__).with_name("page.css")
SERVICE_COLORS = {
    "refunds": "--refunds",
    "logistics": "--logistics",
    "reviews": "--reviews",
    "customers": "--customers",
}
BAR_ROWS_MAX = 14
RULES_MAX = 4


def render(picture: Picture) -> str:
    """The whole page."""
    sections = [
        _numbers(picture),
        _money(picture),
        _cases(picture.cases),
        _bars("Deadlines that fired", "Nobody answered in time, so the rules decided.", picture.deadlines),
        _bars(
            "Dead letters, by reason",
            "Records that could not be used, kept as they came.",
            picture.dead_letters,
        ),
        "".join(_story(story) for story in picture.stories),
    ]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark"><title>Aftersales: a shop and its troubles</title>'
        f"<style>{STYLE.read_text('utf-8')}</style></head><body><header><h1>A shop and its troubles</h1>"
        f"<p>{picture.order_count:,} orders, {escape(picture.first_day)} to {escape(picture.last_day)}."
        " Everything here was read from the four services' own tables when the run had ended.</p></header>"
        f"<main>{''.join(sections)}</main></body></html>"
    )


def _numbers(picture: Picture) -> str:
    numbers = (
        ("orders", picture.order_count),
        ("cases", sum(sum(states.values()) for states in picture.cases.values())),
        ("decisions", picture.decision_count),
        ("outcomes announced", picture.outcome_count),
        ("deadlines fired", sum(picture.deadlines.values())),
        ("dead letters", sum(picture.dead_letters.values())),
    )
    cells = "".join(f"<div><b>{count:,}</b><span>{name}</span></div>" for name, count in numbers)
    return f'<section class="numbers">{cells}</section>'


def _money(picture: Picture) -> str:
    rows = [(entry, "in") for entry in picture.paid_in]
    rows += [(entry, "out") for entry in picture.paid_out]
    rows += [(entry, "in") for entry in picture.recovered]
    if not rows:
        return ""
    most = max(entry.minor for entry, _ in rows) or 1
    bars = "".join(_money_row(entry, direction, most) for entry, direction in rows)
    return f"<section><h2>Money in and out</h2><div class='bars'>{bars}</div></section>"


def _money_row(entry: Sum, direction: str, most: int) -> str:
    arrow = "received" if direction == "in" else "paid back"
    name = entry.purpose if direction == "in" else words.spoken(entry.purpose).lower()
    value = words.amount({"currency": entry.currency, "minor": entry.minor})
    count = f" <small>({entry.count:,})</small>" if entry.count else ""
    return _bar(f"{arrow}: {name}", f"{value}{count}", entry.minor / most, f"money-{direction}")


def _bar(name: str, value: str, share: float, css_class: str = "") -> str:
    """One row; `value` is HTML already."""
    width = max(0.5, 100 * share)
    return (
        f'<div class="row"><span class="name">{escape(name)}</span>'
        f'<svg class="bar {css_class}" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect width="{width:.1f}" height="10" rx="1"/></svg><span class="value">{value}</span></div>'
    )


def _bars(title: str, about: str, counts: Mapping[str, int]) -> str:
    if not counts:
        return ""
    ordered = sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))
    shown, rest = ordered[:BAR_ROWS_MAX], ordered[BAR_ROWS_MAX:]
    most = shown[0][1]
    rows = "".join(_bar(_plain(name), f"{count:,}", count / most) for name, count in shown)
    if rest:
        rows += f'<p class="more">and {sum(count for _, count in rest):,} more of {len(rest)} other kinds</p>'
    return f"<section><h2>{title}</h2><p>{about}</p><div class='bars'>{rows}</div></section>"


def _plain(name: str) -> str:
    return name.replace(".", ": ").replace("_", " ")


def _cases(cases: Mapping[str, Mapping[str, int]]) -> str:
    rows = ""
    for name, states in cases.items():
        service, _, kind = name.partition("/")
        parts = "".join(
            f"<li>{escape(words.spoken(state))} <b>{count:,}</b></li>"
            for state, count in sorted(states.items(), key=lambda entry: -entry[1])
        )
        color = SERVICE_COLORS.get(service, "--ink")
        rows += (
            f'<article style="border-color: var({color})"><h3>{escape(words.spoken(kind))}'
            f" <b>{sum(states.values()):,}</b></h3><small>{escape(service)}</small><ul>{parts}</ul></article>"
        )
    return f'<section><h2>Cases, by kind and how they stand</h2><div class="cases">{rows}</div></section>'


def _story(story: Story) -> str:
    steps = "".join(_step(step) for step in story.steps)
    more = f'<p class="more">and {story.left_out_count} more steps</p>' if story.left_out_count else ""
    chips = " ".join(_chips(story))
    return (
        f"<section class='story'><h2>{escape(story.title)}</h2><p>Order <code>{escape(story.subject)}</code>"
        f" {chips}</p><ol>{steps}</ol>{more}</section>"
    )


def _chips(story: Story) -> Iterable[str]:
    for case in story.cases:
        color = SERVICE_COLORS.get(case.service, "--ink")
        yield (
            f'<span class="chip" style="border-color: var({color})">{escape(words.spoken(case.kind))}:'
            f" {escape(words.spoken(case.state).lower())}</span>"
        )


def _step(step: Step) -> str:
    color = SERVICE_COLORS.get(step.service, "--ink")
    rules: Sequence[str] = step.rules
    ruled = f'<span class="rule">{escape(", ".join(rules[:RULES_MAX]))}</span>' if rules else ""
    told = f" {escape(words.gist(step.event or step.data))}"
    headline = words.spoken(words.short_type(step.announced)) if step.announced else words.spoken(step.name)
    return (
        f'<li style="--dot: var({color})"><time>{words.moment(step.at)}</time>'
        f"<b>{escape(headline.replace('.', ': '))}</b> <em>{escape(step.service)}</em>{ruled}"
        f"<div>{told}</div><small>because of {escape(cause_words(step.cause))}</small></li>"
    )
