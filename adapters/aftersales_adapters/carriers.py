"""Finds the carrier code and the texts of scans, the same for every sender."""

import re

from aftersales_adapters.reading import Node
from aftersales_adapters.telling import CODE_LENGTH, Telling

_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_PHONE = re.compile(
    r"(?<![0-9A-Za-z-])(?:\+?\d{1,3}[ -]?)?"
    r"(?:1[3-9]\d[ -]?\d{4}[ -]?\d{4}|0\d{2,3}-?\d{7,8}|\(?\d{3}\)?[ -]\d{3}[ -]\d{4})(?![0-9A-Za-z])"
)
_NAMED = re.compile(
    r"((?:快递员|派件员|派送员|业务员|投递员|揽投员|收派员|签收人|收件人|联系人|代收人|取件人)(?:是|为)?"
    r"\s*[:：【\[（(]\s*)[^,，。;；:：【】\[\]()（）]{1,20}"
)
_BEFORE_PHONE = re.compile(r"[\u4e00-\u9fff·]{2,4}(?=\s*[（(【\[]\s*…)")
_SIGNED = re.compile(r"(?i)\b((?:signed (?:for )?by|received by|left with|signature)\s*:\s*)[^,.;\n]{1,40}")


def carrier_code(telling: Telling, node: Node) -> str:
    """The carrier's code: yours where the context names it, else the sender's name in lower case.

    Raises PayloadError for a name that is missing or too long.
    """
    name = node.need_text().lower()
    code = telling.context.carriers.get(name) or re.sub(r"\s+", "-", name)
    if len(code) > CODE_LENGTH:
        node.fail(f"more than {CODE_LENGTH} characters")
    return code


def tracking_code(node: Node) -> str:
    """The waybill's number, without blanks. Raises PayloadError where missing or too long."""
    code = node.need_id().replace(" ", "")
    if len(code) > CODE_LENGTH:
        node.fail(f"more than {CODE_LENGTH} characters")
    return code


def without_people(text: str) -> str:
    """Takes phone numbers, e-mail addresses and names out of a carrier's text.

    Names are found after words like 签收人：, and in front of a phone number in brackets; up to four signs in
    front of that go, so that rather too much is taken than a name left.
    """
    for pattern in (_EMAIL, _PHONE, _BEFORE_PHONE):
        text = pattern.sub("…", text)
    for pattern in (_NAMED, _SIGNED):
        text = pattern.sub(r"\1…", text)
    return text


def scan_text(telling: Telling, *nodes: Node) -> str | None:
    """The carrier's lines as one text, without people, at most as long as the contracts allow."""
    lines = [line for line in dict.fromkeys(node.text() for node in nodes) if line]
    if not lines:
        return None
    return telling.cut(nodes[0], text=without_people(" / ".join(lines)))


def place_name(telling: Telling, *nodes: Node) -> str | None:
    """The place of a scan, its parts joined by commas."""
    parts = [part for part in dict.fromkeys(node.text() for node in nodes) if part]
    return telling.cut(nodes[0], text=", ".join(parts)) if parts else None
