"""Serves an ASGI application on a port of its own while a block runs."""

import asyncio
import socket
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import uvicorn


class _Server(uvicorn.Server):
    """Leaves signals to whoever runs it."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Captures none."""
        yield


@asynccontextmanager
async def listening(
    app: Any, host: str, port: int, *, graceful_seconds: int, stop_seconds: float, requests_at_once: int
) -> AsyncGenerator[None]:
    """Serves while the block runs. Requests under way have `graceful_seconds` to end.

    Raises OSError if the port is taken.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    taken = socket.create_server((host, port), family=family)
    config = uvicorn.Config(
        app,
        http="h11",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=graceful_seconds,
        limit_concurrency=requests_at_once,
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[taken]), name=f"http {port}")
    try:
        yield
    finally:
        server.should_exit = True
        _, pending = await asyncio.wait([task], timeout=stop_seconds)
        if pending:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        taken.close()
