"""Records that no service can use, one way or more for every reason that a record alone can cause."""

from collections.abc import Callable
from dataclasses import replace
from random import Random

from aftersales_contracts.reasons import Reason
from tests.faults.proof.fates import READERS, Fate, reject
from tests.faults.proof.stories import CANARY
from tests.faults.proof.templates import Draft

Spoiler = Callable[[Draft], Draft]
DEPTH = 60
HEADERS_COUNT = 100
WRONG_TOPIC = "shop.standing.v1"
"""Carries none of the types that are spoiled this way."""
_JUNK = f'{{"shop_id": "{CANARY}"'.encode()


def _value(value: bytes | None) -> Spoiler:
    return lambda draft: replace(draft, value=value)


def _header(name: str, content: bytes) -> Spoiler:
    return lambda draft: draft.with_header(name, content)


def _cut(draft: Draft) -> Draft:
    return replace(draft, value=(draft.value or b"")[:-9])


def _bare(draft: Draft) -> Draft:
    return replace(draft, headers=(("content-type", b"application/json"), ("note", CANARY.encode())))


def _crowded(draft: Draft) -> Draft:
    trail = tuple((f"x-hop-{number}", CANARY.encode()) for number in range(HEADERS_COUNT))
    return replace(draft, headers=(*draft.headers, *trail))


def _newer(draft: Draft) -> Draft:
    name = dict(draft.headers)["ce_type"] or b""
    return draft.with_header("ce_type", name.rpartition(b".v")[0] + b".v9")


def _nul(draft: Draft) -> Draft:
    return replace(draft, value=b'{"remark": "a\\u0000b", ' + (draft.value or b"")[1:])


def _huge(draft: Draft) -> Draft:
    return replace(draft, value=(draft.value or b"").replace(b'"minor":', b'"minor":9' + b"0" * 40))


def _renamed(draft: Draft) -> Draft:
    """Key, subject and data tell different things; the data alone gives it away."""
    return replace(draft, key=b"somebody-else").with_header("ce_subject", b"somebody-else")


SPOILERS: dict[str, tuple[Spoiler, Fate]] = {
    "no envelope": (_bare, reject(Reason.NOT_CLOUDEVENTS)),
    "tombstone": (_value(None), reject(Reason.NOT_CLOUDEVENTS)),
    "empty": (_value(b""), reject(Reason.NOT_CLOUDEVENTS)),
    "bad UTF-8": (_value(_JUNK + b', "x": "\xff\xfe"}'), reject(Reason.BAD_UTF8)),
    "cut off": (_cut, reject(Reason.BAD_JSON, scope=READERS)),
    "binary": (_value(bytes(range(128, 256))), reject(Reason.BAD_UTF8)),
    "too deep": (_value(b'{"a":' * DEPTH + b"1" + b"}" * DEPTH), reject(Reason.TOO_DEEP)),
    "too many headers": (_crowded, reject(Reason.TOO_LARGE)),
    "unknown type": (_header("ce_type", b"shop.order.teleported.v1"), reject(Reason.UNKNOWN_TYPE)),
    "unknown version": (_newer, reject(Reason.UNKNOWN_VERSION)),
    "other schema": (_value(_JUNK + b"}"), reject(Reason.FAILED_SCHEMA, scope=READERS)),
    "NaN": (_value(_JUNK + b', "amount": NaN}'), reject(Reason.BAD_JSON, scope=READERS)),
    "other key": (lambda draft: replace(draft, key=b"somebody-else"), reject(Reason.WRONG_KEY)),
    "other subject": (_renamed, reject(Reason.WRONG_KEY, scope=READERS)),
    "other topic": (lambda draft: replace(draft, topic=WRONG_TOPIC), reject(Reason.WRONG_TOPIC)),
    "long ago": (_header("ce_time", b"1970-01-01T00:00:00Z"), reject(Reason.TIME_OUT_OF_BOUNDS)),
    "far ahead": (_header("ce_time", b"2090-01-01T00:00:00Z"), reject(Reason.TIME_OUT_OF_BOUNDS)),
    "NUL": (_nul, reject(Reason.NOT_STORABLE)),
    "huge number": (_huge, reject(Reason.NOT_STORABLE, scope=READERS)),
}
NAMES = tuple(SPOILERS)


def spoiled(draft: Draft, dice: Random) -> tuple[Draft, Fate]:
    """A good record made unusable, under an id of its own, and what must become of it."""
    own = draft.with_header("ce_id", (dict(draft.headers)["ce_id"] or b"") + b".bad")
    name = dice.choice(NAMES)
    if name == "huge number" and b'"minor":' not in (draft.value or b""):
        name = "cut off"
    spoiler, fate = SPOILERS[name]
    return spoiler(own), fate
