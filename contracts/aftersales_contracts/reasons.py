"""Names why a record could not be used: the `reason` header of a dead letter. Codes are never renamed."""

from enum import StrEnum


class Reason(StrEnum):
    """Reason codes of dead letters."""

    NOT_CLOUDEVENTS = "not_cloudevents"
    BAD_UTF8 = "bad_utf8"
    BAD_JSON = "bad_json"
    TOO_DEEP = "too_deep"
    TOO_LARGE = "too_large"
    UNKNOWN_TYPE = "unknown_type"
    UNKNOWN_VERSION = "unknown_version"
    FAILED_SCHEMA = "failed_schema"
    WRONG_KEY = "wrong_key"
    WRONG_TOPIC = "wrong_topic"
    ID_REUSED = "id_reused"
    TIME_OUT_OF_BOUNDS = "time_out_of_bounds"
    NOT_STORABLE = "not_storable"
    RULE_FAILED = "rule_failed"
    WAITED_TOO_LONG = "waited_too_long"
    RECORDS_LOST = "records_lost"
