"""Faults on the way between a process and the broker or the database, done by the proxies."""

from collections.abc import Awaitable, Callable

from tests.faults.proof.proxy import Harm, Proxy
from tests.faults.proof.scene import Kind, Scene

ANSWER_LIMIT_SECONDS = 12.0
OPEN_LIMIT_SECONDS = 10.0
SLOW_BYTES_PER_SECOND = 60_000


def _proxies(scene: Scene) -> list[Proxy]:
    """Of one replica: the way to the broker, to the database, or both."""
    ways = (scene.replica.kafka, scene.replica.database)
    return list(scene.dice.choice((ways[:1], ways[1:], ways)))


def _harming(
    make: Callable[[Scene], Harm], seconds: tuple[float, float], counted: str, said: str
) -> Callable[[Scene], Awaitable[None]]:
    """Harm for some seconds, proven by what the proxies counted."""

    async def act(scene: Scene) -> None:
        proxies = _proxies(scene)
        before = sum(proxy.counts[counted] for proxy in proxies)
        for proxy in proxies:
            proxy.harm = make(scene)
        try:
            await scene.hold(scene.dice.uniform(*seconds))
        finally:
            for proxy in proxies:
                proxy.heal()
        count = sum(proxy.counts[counted] for proxy in proxies) - before
        if count:
            scene.fault.proof = f"{', '.join(proxy.name for proxy in proxies)}: {count} {said}"

    return act


def _latency(scene: Scene) -> Harm:
    return Harm(latency_seconds=scene.dice.uniform(0.02, 0.15), jitter_seconds=scene.dice.uniform(0.02, 0.2))


def _slow(scene: Scene) -> Harm:
    del scene
    return Harm(bytes_per_second=SLOW_BYTES_PER_SECOND)


def _silent(scene: Scene) -> Harm:
    del scene
    return Harm(is_silent=True)


async def _open(scene: Scene, proxies: list[Proxy]) -> None:
    """Waits for connections: the process may just have started."""

    async def are_open() -> bool:
        return all(proxy.open_count for proxy in proxies)

    await scene.until(are_open, OPEN_LIMIT_SECONDS)


async def connection_refused(scene: Scene) -> None:
    """Cut off: what is open is reset, what is new refused."""
    proxies = _proxies(scene)
    before = sum(proxy.counts["refused"] for proxy in proxies)
    for proxy in proxies:
        proxy.harm = Harm(is_refusing=True)
    reset = sum(proxy.reset() for proxy in proxies)
    try:
        await scene.hold(scene.dice.uniform(3, 7))
    finally:
        for proxy in proxies:
            proxy.heal()
    refused = sum(proxy.counts["refused"] for proxy in proxies) - before
    if reset or refused:
        names = ", ".join(proxy.name for proxy in proxies)
        scene.fault.proof = f"{names}: {reset} connections reset, {refused} refused"


async def connection_reset(scene: Scene) -> None:
    """Every connection reset, again and again."""
    proxies, reset = _proxies(scene), 0
    await _open(scene, proxies)
    for _ in range(scene.dice.randint(3, 6)):
        reset += sum(proxy.reset() for proxy in proxies)
        await scene.hold(scene.dice.uniform(0.3, 1.5))
    if reset:
        scene.fault.proof = f"{', '.join(proxy.name for proxy in proxies)}: {reset} connections reset"


async def half_open(scene: Scene) -> None:
    """Open connections are dead and nobody is told; new connections work."""
    proxies = _proxies(scene)
    await _open(scene, proxies)
    before = sum(proxy.counts["swallowed_bytes"] for proxy in proxies)
    dead = sum(proxy.half_open() for proxy in proxies)
    try:
        await scene.hold(scene.dice.uniform(7, 11))  # longer than the broker's client waits for an answer
    finally:
        for proxy in proxies:
            proxy.heal()
    swallowed = sum(proxy.counts["swallowed_bytes"] for proxy in proxies) - before
    if dead and swallowed:
        names = ", ".join(proxy.name for proxy in proxies)
        scene.fault.proof = f"{names}: {dead} connections dead, {swallowed} bytes swallowed"


def _losing(way: str, said: str) -> Callable[[Scene], Awaitable[None]]:
    """The write is forwarded whole; the connection is cut before its answer arrives."""

    async def act(scene: Scene) -> None:
        proxies: list[Proxy] = [getattr(replica, way) for replica in scene.replicas]
        wanted = scene.dice.randint(1, 4)
        before = sum(proxy.counts["lost_answers"] for proxy in proxies)
        for proxy in proxies:  # whichever of them writes
            proxy.harm = Harm(lose_answers_count=wanted)

        async def are_lost() -> bool:
            return sum(proxy.counts["lost_answers"] for proxy in proxies) - before >= wanted

        await scene.until(are_lost, ANSWER_LIMIT_SECONDS)
        for proxy in proxies:
            proxy.heal()
        lost = sum(proxy.counts["lost_answers"] for proxy in proxies) - before
        if lost:
            scene.fault.proof = f"{lost} {said} of {scene.fault.target} were done and their answers cut off"

    return act


KINDS = (
    Kind("latency", "replica", _harming(_latency, (4, 9), "delayed", "pieces delayed")),
    Kind("low_bandwidth", "replica", _harming(_slow, (4, 8), "delayed", "pieces slowed down")),
    Kind("silence", "replica", _harming(_silent, (3, 8), "held_back", "pieces held back")),
    Kind("connection_reset", "replica", connection_reset),
    Kind("connection_refused", "replica", connection_refused),
    Kind("half_open", "replica", half_open),
    Kind("commit_answer_lost", "service", _losing("database", "commits")),
    Kind("publish_answer_lost", "service", _losing("kafka", "publishes")),
)
