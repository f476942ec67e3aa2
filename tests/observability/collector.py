"""A receiver of OTLP over HTTP that keeps what services export: for tests, in the place of a collector."""

import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass(frozen=True)
class Exported:
    """One span as it arrived."""

    service: str
    name: str
    trace_id: str
    span_id: str
    parent_id: str
    """Empty for the first span of its service in a trace that came without a context."""
    seconds: float
    attributes: dict[str, str | list[str]]


class Collector:
    """Keeps what has arrived so far; the server's threads fill it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._bodies: list[bytes] = []
        self.port = 0

    @property
    def endpoint(self) -> str:
        """For AFTERSALES_TRACING__ENDPOINT."""
        return f"http://127.0.0.1:{self.port}/v1/traces"

    def receive(self, body: bytes) -> None:
        """Takes one request's body."""
        with self._lock:
            self._bodies.append(body)

    @property
    def raw(self) -> bytes:
        """All bytes that were exported."""
        with self._lock:
            return b"\n".join(self._bodies)

    def spans(self) -> list[Exported]:
        """Every span, in the order of arrival."""
        with self._lock:
            bodies = list(self._bodies)
        return [span for body in bodies for span in _parsed(body)]


def _parsed(body: bytes) -> Iterator[Exported]:
    for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
        named = {one.key: one.value.string_value for one in resource.resource.attributes}
        for scope in resource.scope_spans:
            for span in scope.spans:
                attributes: dict[str, str | list[str]] = {
                    one.key: [v.string_value for v in one.value.array_value.values]
                    if one.value.HasField("array_value")
                    else one.value.string_value
                    for one in span.attributes
                }
                seconds = (span.end_time_unix_nano - span.start_time_unix_nano) / 1e9
                yield Exported(
                    named["service.name"], span.name, span.trace_id.hex(), span.span_id.hex(),
                    span.parent_span_id.hex(), seconds, attributes,
                )  # fmt: skip


@contextmanager
def collecting() -> Generator[Collector]:
    """A collector on a free port of loopback."""
    collector = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            is_ours = self.path == "/v1/traces" and self.headers["content-type"] == "application/x-protobuf"
            if is_ours:
                collector.receive(body)
            self.send_response(200 if is_ours else 400)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the parameter's own name
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    collector.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, name="collector")
    thread.start()
    try:
        yield collector
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
