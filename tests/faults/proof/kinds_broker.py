"""Faults of the broker: ended in order, killed, frozen."""

import asyncio

from tests.faults.proof.scene import Kind, Scene, is_gone, state_of


async def broker_stop(scene: Scene) -> None:
    """SIGTERM; it comes back after some seconds."""
    await _away(scene, by_kill=False)


async def broker_kill(scene: Scene) -> None:
    """SIGKILL; it recovers its logs when it comes back."""
    await _away(scene, by_kill=True)


async def _away(scene: Scene, *, by_kill: bool) -> None:
    broker = scene.world.stack.kafka
    pid = broker.pid
    try:
        await asyncio.to_thread(broker.kill if by_kill else broker.stop)
        await scene.hold(scene.dice.uniform(0.5, 4))
        refused = sum(replica.kafka.counts["refused"] for replica in scene.world.replicas.values())
        if is_gone(pid):
            scene.fault.proof = f"process {pid} gone, {refused} connections refused so far"
    finally:
        await asyncio.to_thread(broker.start)


async def broker_pause(scene: Scene) -> None:
    """SIGSTOP: connections stay open, nothing answers."""
    part = scene.world.stack.kafka.part
    pid = part.pid
    part.pause()
    try:
        await scene.hold(scene.dice.uniform(3, 8))
        if state_of(pid) == "T":
            scene.fault.proof = f"process {pid} in state T"
    finally:
        part.resume()


KINDS = (
    Kind("broker_stop", "broker", broker_stop),
    Kind("broker_kill", "broker", broker_kill),
    Kind("broker_pause", "broker", broker_pause),
)
