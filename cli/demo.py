"""Plays a made-up shop with every kind of trouble through the four services at high speed."""

from datetime import timedelta
from itertools import groupby
from pathlib import Path

from rich.console import Console

from cli import page, picture, screen
from cli.picture import Picture
from cli.played import Bar, driving, played_stack
from simulator.outcomes import Outcomes
from simulator.shop import SPAN, START, World

TICK = timedelta(hours=12)
REST = timedelta(days=45)
"""Every deadline but the last attention ones fires within it."""
LOOK_AT = START + timedelta(days=10)
"""The moment of which the page says what is open and due."""


async def demo(orders_count: int, console: Console) -> Picture:
    """Plays the shop, looks at what is open in the middle, and at the end at what came of it."""
    world = World(orders_count)
    outcomes = Outcomes()
    try:
        async with played_stack(console) as played:
            with Bar(console, "playing", START, START + SPAN + REST) as bar:
                async with driving(played, world, outcomes.add, bar.show) as driver:
                    waiting = picture.Waiting(START, [], [])
                    for is_early, records in groupby(world.records(), key=lambda one: one.at < LOOK_AT):
                        await driver.run(records, tick=TICK, rest=timedelta(0))
                        if is_early:
                            async with played.connected() as connection:
                                waiting = await picture.look(connection, played.services, driver.at)
                    await driver.run([], tick=TICK, rest=REST)
            async with played.connected() as connection:
                return await picture.take(connection, played.services, waiting)
    finally:
        outcomes.close()


def present(taken: Picture, console: Console, html: Path, language: str) -> None:
    """Shows the picture on the terminal and writes it as a page."""
    screen.show(console, taken)
    html.write_text(page.render(taken, language), "utf-8")
    console.print(f"\nThe same as a page: [bold]{html}[/bold]", highlight=False)
