"""Decodes records whose header names are not UTF-8. Such a record would stop a partition for ever.

Kafka demands nothing of header names. The client decodes header names strictly, deep inside. While leniency
is on, slower classes of the client decode the batches, and show such names escaped. The decoder then judges
the record like any other.
"""

from typing import Any

from aiokafka.consumer import fetcher
from aiokafka.record import default_records, memory_records

_STRICT: Any = fetcher.MemoryRecords


class _LenientBatch(default_records._DefaultRecordBatchPy):  # type: ignore[misc]  # pyright: ignore[reportGeneralTypeIssues]
    """Reads a batch whose header names may be any bytes."""

    def _read_msg(self, *_: Any, **__: Any) -> Any:
        try:
            return super()._read_msg()
        except UnicodeDecodeError:
            return self._read_escaped()

    def _read_escaped(self) -> Any:
        """Reads the record at the current position. Lengths are zigzag variable integers; -1 means none."""
        numbers: Any = default_records.decode_varint
        buffer: Any = self._buffer
        length, position = numbers(buffer, self._pos)
        end = position + length
        _, position = numbers(buffer, position)
        timestamp_delta, position = numbers(buffer, position)
        offset_delta, position = numbers(buffer, position)

        def part(start: int) -> tuple[bytes | None, int]:
            size, start = numbers(buffer, start)
            return (None, start) if size < 0 else (bytes(buffer[start : start + size]), start + size)

        key, position = part(position)
        value, position = part(position)
        count, position = numbers(buffer, position)
        headers: list[tuple[str, bytes | None]] = []
        for _ in range(count):
            name, position = part(position)
            content, position = part(position)
            headers.append(((name or b"").decode("utf-8", "backslashreplace"), content))
        if position != end:
            raise default_records.CorruptRecordException("a record has another length than it says")
        self._pos: int = end
        is_appended_time = self.timestamp_type == self.LOG_APPEND_TIME
        timestamp = self.max_timestamp if is_appended_time else self.first_timestamp + timestamp_delta
        return default_records._DefaultRecordPy(
            self.base_offset + offset_delta, timestamp, self.timestamp_type, key, value, headers
        )


class _LenientRecords(memory_records._MemoryRecordsPy):  # type: ignore[misc]  # pyright: ignore[reportGeneralTypeIssues]
    """Reads the batches of one answer of the broker."""

    def next_batch(self, *_: Any, **__: Any) -> Any:
        """Returns the next batch. Batches of the old formats have no headers."""
        part: Any = self._next_slice
        batch: Any = super().next_batch()
        return _LenientBatch(part) if isinstance(batch, memory_records.DefaultRecordBatch) else batch


def is_tolerated() -> bool:
    """Tells whether leniency is on."""
    return fetcher.MemoryRecords is not _STRICT


def tolerate(is_wanted: bool) -> None:
    """Switches leniency on or off for everything that this process reads from now on."""
    fetcher.MemoryRecords = _LenientRecords if is_wanted else _STRICT
