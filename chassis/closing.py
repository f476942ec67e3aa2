"""The end of a client, however its last request went."""

import asyncio
from typing import Any

from aiokafka.errors import ProducerClosed


async def close(consumer: Any) -> None:
    """Ends an aiokafka consumer and its connections; harmless when repeated. Raises what its `stop` raises.

    Where a fetch has just failed, aiokafka waits a moment before the next. Its `stop` cancels that wait,
    lets the CancelledError out, which the caller would take for a cancellation of its own, and leaves the
    connections open.
    """
    stopping = asyncio.ensure_future(consumer.stop())
    try:
        await asyncio.wait({stopping})
    finally:
        stopping.cancel()
    if not stopping.cancelled():
        stopping.result()
    await consumer._client.close()


async def drop(producer: Any) -> None:
    """Ends an aiokafka producer with what it still has to send, where `stop` was given up in the middle.

    An idempotent one tries for ever, and its `stop` waits for that; cancelled, it leaves the task that sends
    and the connections as they are, and does nothing when it is called again.
    """
    sending = None if producer._sender is None else producer._sender.sender_task
    if sending is not None:
        sending.cancel()
        await asyncio.wait({sending})
    producer._message_accumulator.fail_all(ProducerClosed())  # whoever waits for them waits no more
    await producer.client.close()
