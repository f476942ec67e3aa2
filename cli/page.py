"""Renders the picture of a run as one self-contained HTML page: Chinese and English, light and dark."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from html import escape
from pathlib import Path

from aftersales_contracts import catalogue
from cli import speech, timeline, words
from cli.history import Step
from cli.overview import Due, OpenTask
from cli.picture import Picture, Story, Sum, Waiting
from cli.speech import Both

STYLE = Path(__file__).with_name("page.css")
SERVICE_COLORS = {
    "refunds": "--refunds",
    "logistics": "--logistics",
    "reviews": "--reviews",
    "customers": "--customers",
}
SERVICES = {
    "refunds": Both("退款", "refunds"),
    "logistics": Both("物流", "logistics"),
    "reviews": Both("评价", "reviews"),
    "customers": Both("客户", "customers"),
}
BAR_ROWS_MAX = 14
URGENT_MAX = 8
SOON = timedelta(days=3)
RULES_MAX = 2
COSTS = ("late_compensation", "freight", "price_difference", "fix_cost", "discount")
"""Purposes of payments that no goods come back for."""


def render(picture: Picture, language: str = "en") -> str:
    """The whole page; `language` is shown first, and the reader may change it."""
    sections = [
        _numbers(picture),
        _open(picture.waiting),
        _due(picture.waiting),
        _money(picture),
        "".join(_story(story) for story in picture.stories),
        _cases(picture.cases),
        _bars(
            Both("系统按规则自动处理的到期事项", "Deadlines that fired"),
            Both("没有人及时答复，由规则决定。", "Nobody answered in time, so the rules decided."),
            {speech.deadline(code): count for code, count in picture.deadlines.items()},
        ),
        _bars(
            Both("无法处理的消息", "Messages that could not be used"),
            Both("原样保存，不影响其他订单。", "They are kept as they came, and everything else went on."),
            {speech.said("dead-letters", code): count for code, count in picture.dead_letters.items()},
        ),
    ]
    title = Both("一家店铺两周的售后", "Two weeks of a shop and its troubles")
    about = Both(
        f"{picture.order_count:,} 个订单，{picture.first_day} 至 {picture.last_day}。",
        f"{picture.order_count:,} orders, {picture.first_day} to {picture.last_day}.",
    )
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta name="color-scheme" content="light dark"><title>{escape(title.text(language))}</title>'
        f"<style>{STYLE.read_text('utf-8')}</style></head><body>{_languages(language)}"
        f"<header><h1>{_both(title)}</h1><p>{_both(about)}</p></header>"
        f"<main>{''.join(sections)}</main></body></html>"
    )


def _languages(language: str) -> str:
    choices = "".join(
        f'<input type="radio" name="language" id="{code}"{" checked" if code == language else ""}>'
        f'<label for="{code}">{name}</label>'
        for code, name in (("zh", "中文"), ("en", "English"))
    )
    return f"<nav>{choices}</nav>"


def _both(text: Both) -> str:
    """Both languages, of which the style sheet shows one."""
    if text.zh == text.en:
        return escape(text.en)
    return f'<span lang="zh">{escape(text.zh)}</span><span lang="en">{escape(text.en)}</span>'


def _heading(title: Both, about: Both) -> str:
    return f"<h2>{_both(title)}</h2><p>{_both(about)}</p>"


def _amount(minor: int, currency: str) -> str:
    return words.amount({"currency": currency, "minor": minor})


def _numbers(picture: Picture) -> str:
    paid = sum(entry.minor for entry in picture.paid_in)
    currency = next((entry.currency for entry in picture.paid_in), "CNY")
    back = sum(entry.minor for entry in picture.paid_out if entry.purpose == "refund")
    extra = sum(entry.minor for entry in picture.paid_out if entry.purpose in COSTS)
    recovered = sum(entry.minor for entry in picture.recovered)
    numbers = (
        (f"{picture.order_count:,}", Both("订单", "orders")),
        (_amount(paid, currency), Both("买家付款", "paid by buyers")),
        (
            _amount(back, currency),
            Both(
                f"退还买家（{_share(back, paid)}）",
                f"paid back for goods ({_share(back, paid)} of what came in)",
            ),
        ),
        (_amount(extra, currency), Both("赔付与运费", "compensation and freight")),
        (_amount(recovered, currency), Both("向快递追回", "recovered from couriers")),
        (f"{len(picture.waiting.tasks):,}", Both("待人工处理", "questions that wait for a person")),
    )
    cells = "".join(f"<div><b>{escape(value)}</b><span>{_both(name)}</span></div>" for value, name in numbers)
    return f'<section class="numbers">{cells}</section>'


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "-"


def _open(waiting: Waiting) -> str:
    """Questions to people: how many of each, and the most urgent ones."""
    title = Both("待人工处理", "What is open")
    if not waiting.tasks:
        return (
            f"<section>{_heading(title, Both('没有待办问题。', 'No question waits for a person.'))}</section>"
        )
    overdue = sum(task.due_at < waiting.at for task in waiting.tasks)
    about = Both(
        f"截至 {words.moment(waiting.at)}，{len(waiting.tasks)} 个问题等人回答，其中 {overdue} 个已逾期。",
        f"{len(waiting.tasks)} questions waited for a person at {words.moment(waiting.at)},"
        f" {overdue} of them overdue.",
    )
    counts = Counter(task.question_code for task in waiting.tasks)
    most = max(counts.values())
    bars = "".join(
        _bar(speech.said("questions", code), f"{count:,}", count / most)
        for code, count in counts.most_common(BAR_ROWS_MAX)
    )
    urgent = sorted(waiting.tasks, key=lambda task: task.due_at)[:URGENT_MAX]
    rows = "".join(_task(task, waiting.at) for task in urgent)
    head = _head(
        Both("期限", "due"), Both("问题", "question"), Both("订单", "order"), Both("交给", "for"),
        Both("已等待", "asked"),
    )  # fmt: skip
    return (
        f"<section>{_heading(title, about)}<div class='bars'>{bars}</div>"
        f"<h3>{_both(Both('最紧急', 'Most urgent'))}</h3><table>{head}{rows}</table></section>"
    )


def _head(*names: Both) -> str:
    return f"<tr>{''.join(f'<th>{_both(name)}</th>' for name in names)}</tr>"


def _task(task: OpenTask, now: datetime) -> str:
    asked = words.duration(now - task.asked_at)
    question, way = speech.said("questions", task.question_code), speech.said("values", task.kind_code)
    return (
        f"<tr><td>{_until(task.due_at, now)}</td><td>{_both(question)}</td>"
        f"<td><code>{escape(task.subject)}</code></td><td>{_both(way)}</td>"
        f"<td>{_both(Both(asked, f'{asked} ago'))}</td></tr>"
    )


def _until(at: datetime, now: datetime) -> str:
    length = words.duration(abs(now - at))
    if at < now:
        return f'<strong class="late">{_both(Both(f"逾期 {length}", f"{length} ago"))}</strong>'
    return _both(Both(f"{length}后", f"in {length}"))


def _due(waiting: Waiting) -> str:
    """Deadlines of the next days by what happens at their end."""
    soon = [each for each in waiting.deadlines if waiting.at <= each.due_at < waiting.at + SOON]
    title = Both("未来三天到期", "What is due in the next three days")
    if not soon:
        return f"<section>{_heading(title, Both('没有。', 'Nothing.'))}</section>"
    by_name: dict[str, list[Due]] = {}
    for each in soon:
        by_name.setdefault(f"{each.kind}.{each.name}", []).append(each)
    about = Both("到期无人处理时，系统按规则执行。", "If nobody acts, the rules do this at the end.")
    head = _head(
        Both("最早", "first"), Both("数量", "count"), Both("等待", "time for"), Both("等谁", "waits for"),
        Both("到期后", "at its end"),
    )  # fmt: skip
    rows = ""
    for code, dues in sorted(by_name.items(), key=lambda entry: entry[1][0].due_at)[:BAR_ROWS_MAX]:
        known = catalogue.deadlines().get(code)
        who = speech.same("") if known is None else speech.said("values", known.waits_for)
        rows += (
            f"<tr><td>{_until(dues[0].due_at, waiting.at)}</td><td>{len(dues):,}</td>"
            f"<td>{_both(speech.deadline(code))}</td><td>{_both(who)}</td>"
            f"<td>{_both(speech.deadline_end(code) or speech.same(''))}</td></tr>"
        )
    return f"<section>{_heading(title, about)}<table>{head}{rows}</table></section>"


def _money(picture: Picture) -> str:
    rows = [(Both("买家付款", "paid by buyers"), entry, "in") for entry in picture.paid_in]
    for entry in picture.paid_out:
        purpose = speech.said("values", entry.purpose)
        rows.append((Both(f"付给买家：{purpose.zh}", f"paid back: {purpose.en}"), entry, "out"))
    rows += [(Both("向快递追回", "recovered from couriers"), entry, "in") for entry in picture.recovered]
    if not rows:
        return ""
    most = max(entry.minor for _, entry, _ in rows) or 1
    bars = "".join(_money_row(name, entry, direction, most) for name, entry, direction in rows)
    title, about = Both("花了多少钱", "What it cost"), Both("收入与支出，括号内为笔数。", "Money in and out.")
    return f"<section>{_heading(title, about)}<div class='bars'>{bars}</div></section>"


def _money_row(name: Both, entry: Sum, direction: str, most: int) -> str:
    count = f" <small>({entry.count:,})</small>" if entry.count else ""
    value = f"{_amount(entry.minor, entry.currency)}{count}"
    return _bar(name, value, entry.minor / most, f"money-{direction}")


def _bar(name: Both, value: str, share: float, css_class: str = "") -> str:
    """One row; `value` is HTML already."""
    width = max(0.5, 100 * share)
    return (
        f'<div class="row"><span class="name">{_both(name)}</span>'
        f'<svg class="bar {css_class}" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect width="{width:.1f}" height="10" rx="1"/></svg><span class="value">{value}</span></div>'
    )


def _bars(title: Both, about: Both, counts: Mapping[Both, int]) -> str:
    if not counts:
        return ""
    ordered = sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))
    shown, rest = ordered[:BAR_ROWS_MAX], ordered[BAR_ROWS_MAX:]
    most = shown[0][1]
    rows = "".join(_bar(name, f"{count:,}", count / most) for name, count in shown)
    if rest:
        more = sum(count for _, count in rest)
        text = Both(f"另有 {len(rest)} 类共 {more:,} 项", f"and {more:,} more of {len(rest)} other kinds")
        rows += f'<p class="more">{_both(text)}</p>'
    return f"<section>{_heading(title, about)}<div class='bars'>{rows}</div></section>"


def _cases(cases: Mapping[str, Mapping[str, int]]) -> str:
    rows = ""
    for name, statuses in cases.items():
        service, _, kind = name.partition("/")
        parts = "".join(
            f"<li>{_both(speech.status(kind, status))} <b>{count:,}</b></li>"
            for status, count in sorted(statuses.items(), key=lambda entry: -entry[1])
        )
        color = SERVICE_COLORS.get(service, "--ink")
        rows += (
            f'<article style="border-color: var({color})"><h3>{_both(speech.kind(kind))}'
            f" <b>{sum(statuses.values()):,}</b></h3><small>{_both(_service(service))}</small>"
            f"<ul>{parts}</ul></article>"
        )
    title = Both("所有单据及状态", "All cases and how they stand")
    about = Both("四十五天后的最终状态。", "As they stood forty-five days later.")
    return f'<section>{_heading(title, about)}<div class="cases">{rows}</div></section>'


def _service(name: str) -> Both:
    return SERVICES.get(name, speech.same(name))


def _story(story: Story) -> str:
    steps = "".join(_step(step) for step in story.steps)
    left = story.left_out_count
    more = f'<p class="more">{_both(Both(f"另有 {left} 步", f"and {left} more steps"))}</p>' if left else ""
    order = _both(Both("订单", "Order"))
    return (
        f"<section class='story'><h2>{_both(story.title)}</h2><p>{order} <code>{escape(story.subject)}</code>"
        f" {' '.join(_chips(story))}</p><ol>{steps}</ol>{more}</section>"
    )


def _chips(story: Story) -> Iterable[str]:
    for case in story.cases:
        if not case.status:
            continue
        color = SERVICE_COLORS.get(case.service, "--ink")
        kind, status = speech.kind(case.kind), speech.status(case.kind, case.status)
        both = Both(f"{kind.zh}：{status.zh}", f"{kind.en}: {status.en}")
        yield f'<span class="chip" style="border-color: var({color})">{_both(both)}</span>'


def _step(step: Step) -> str:
    color = SERVICE_COLORS.get(step.service, "--ink")
    told = "" if step.event is None else f"<div>{_both(speech.gist(step.event))}</div>"
    headline = timeline.headline(step)
    if step.announced is None and step.cause.type == "deadline":
        headline = speech.deadline_end(timeline.deadline_of(step.cause)) or headline
    return (
        f'<li style="--dot: var({color})"><time>{words.moment(step.at)}</time>'
        f"<b>{_both(headline)}</b> <em>{_both(_service(step.service))}</em>"
        f"{told}<small>{_both(timeline.cause(step.cause))}</small>{_rules(step.rules)}</li>"
    )


def _rules(ids: Sequence[str]) -> str:
    """The rules that decided, in words beside their ids."""
    return "".join(
        f'<div class="rule"><code>{rule.id}</code> {_both(rule.text)}</div>'
        for rule in timeline.rules(ids)[:RULES_MAX]
        if rule.text is not None
    )
