"""The end of a consumer, however its last fetch went."""

import asyncio
from typing import Any


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
