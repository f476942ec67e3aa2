"""Keeps the stack and the services up until Ctrl-C."""

import asyncio
import signal

from rich.console import Console

from aftersales_contracts.topics import LOCAL_BROKER, TOPICS
from cli import policy
from cli.access import BROKERS, DATABASE, home
from cli.stack import LocalStack

LOOK_AGAIN_SECONDS = 1.0
PORT = int(LOCAL_BROKER.rpartition(":")[2])
"""The broker's port that the contracts name."""


async def run(console: Console) -> None:
    """Starts everything, says where to publish and how, and stops it cleanly when asked."""
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, asked.set)

    def tell(what: str) -> None:
        console.print(f"[dim]{what}[/dim]", highlight=False)

    own = policy.environment()
    async with LocalStack(clock="wall", home=home(), tell=tell, environment=own, kafka_port=PORT) as local:
        _say(console, local)
        while not asked.is_set():
            await local.check_alive()
            try:
                await asyncio.wait_for(asked.wait(), LOOK_AGAIN_SECONDS)
            except TimeoutError:
                continue
        tell("stopping the services")
    console.print("stopped; data and logs stay for the next run", style="dim")


def _say(console: Console, local: LocalStack) -> None:
    inputs = ", ".join(name for name, topic in TOPICS.items() if topic.side == "in")
    outputs = ", ".join(name for name, topic in TOPICS.items() if topic.side == "out")
    lines = (
        "\n[bold green]running[/bold green]; Ctrl-C stops it\n",
        f"[bold]Kafka[/bold]     {local.bootstrap_servers}",
        f"[bold]publish[/bold]   {inputs}",
        f"[bold]read[/bold]      {outputs}",
        "[bold]how[/bold]       contracts/README.md: complete examples in Python, Node, Go, Java and kcat",
        f"[bold]logs[/bold]      {local.logs}",
    )
    if local.bootstrap_servers != LOCAL_BROKER:
        console.print(
            f"\n[bold yellow]{LOCAL_BROKER} is taken by another program[/bold yellow]: the contracts and"
            f" their examples name it.\nThis broker is at {local.bootstrap_servers}: set"
            f" KAFKA_BOOTSTRAP={local.bootstrap_servers} for the examples",
            highlight=False,
        )
    for line in lines:
        console.print(line, highlight=False)
    for service in local.services.values():
        console.print(f"[bold]{service.name:9}[/bold] {service.url}/metrics", highlight=False)
    console.print(
        "\nLook inside from another terminal: aftersales case show ID, explain EVENT-ID, dead-letters list"
        f"\n(other clients: {BROKERS}, {DATABASE} as `python -m devstack status` prints them)",
        style="dim",
        highlight=False,
    )
