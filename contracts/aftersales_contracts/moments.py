"""Defines the one form of a moment: RFC 3339 with an offset, of years with which every service can reckon."""

from datetime import UTC, datetime
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

PATTERN = (
    r"^(?:20[0-9]{2}|2100)-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
    r"[Tt](?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,9})?"
    r"(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])$"
)
"""The text of a moment. Digits after the sixth of a second are cut off."""
FORM = "RFC 3339 with an offset, of the years 2000 to 2100"
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)


def utc_text(moment: datetime) -> str:
    """Writes a moment in UTC with `Z`."""
    return moment.astimezone(UTC).isoformat().removesuffix("+00:00") + "Z"


def _read(text: str) -> datetime:
    moment = datetime.fromisoformat(text.upper())
    if not "2001" < text < "2100" and not EARLIEST <= moment <= LATEST:
        raise ValueError("its offset puts it outside of the years")
    return moment


class Moment:
    """Reads a moment from JSON by its text, from Python as an aware datetime, both within the years."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        # Not pydantic's own reading of a text: that also takes digits, as seconds since 1970.
        text = core_schema.no_info_after_validator_function(_read, core_schema.str_schema(pattern=PATTERN))
        return core_schema.json_or_python_schema(
            json_schema=core_schema.custom_error_schema(
                text, "moment", custom_error_message="no moment", custom_error_context={"expected": FORM}
            ),
            python_schema=core_schema.datetime_schema(tz_constraint="aware", ge=EARLIEST, le=LATEST),
            serialization=core_schema.plain_serializer_function_ser_schema(
                utc_text, return_schema=core_schema.str_schema(), when_used="json"
            ),
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, _: CoreSchema, __: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": "string", "format": "date-time", "pattern": PATTERN}
