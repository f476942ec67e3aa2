"""Checks the signature of a webhook, each sender's own way, and takes its payload out.

A secret is always needed. Signatures are compared in constant time.
"""

import base64
import binascii
import hashlib
import hmac
import json
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

FIELDS_MOST = 200


class SignatureError(ValueError):
    """A request without a signature, or with another than the secret makes. Names no value."""


@dataclass(frozen=True, slots=True)
class Request:
    """A webhook as it came."""

    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    """By name in lower case."""
    query: str = ""
    """The part of the address after the question mark, as it came."""

    @property
    def is_form(self) -> bool:
        """Whether the body is a form."""
        kind = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        return kind == "application/x-www-form-urlencoded"


def easypost(request: Request, secret: str) -> bytes:
    """Header `X-Hmac-Signature`: `hmac-sha256-hex=` and the HMAC of the body; the secret in NFKD."""
    key = unicodedata.normalize("NFKD", secret).encode()
    made = f"hmac-sha256-hex={hmac.new(key, request.body, hashlib.sha256).hexdigest()}"
    _compare(request.headers.get("x-hmac-signature"), made)
    return request.body


def aftership(request: Request, secret: str) -> bytes:
    """Header `aftership-hmac-sha256`: the HMAC of the body in Base64."""
    _compare(request.headers.get("aftership-hmac-sha256"), _base64_hmac(request.body, secret))
    return request.body


def shopify(request: Request, secret: str) -> bytes:
    """Header `X-Shopify-Hmac-Sha256`: the HMAC of the body in Base64."""
    _compare(request.headers.get("x-shopify-hmac-sha256"), _base64_hmac(request.body, secret))
    return request.body


def kuaidi100(request: Request, secret: str) -> bytes:
    """Form field `sign`: the MD5 of the field `param` and the salt, in capital hexadecimal digits."""
    form = _pairs(request.body)
    param = form.get("param")
    if param is None:
        raise SignatureError("no field param")
    made = hashlib.md5((param + secret).encode(), usedforsecurity=False).hexdigest()
    _compare(form.get("sign", "").lower(), made)
    return param.encode()


def taobao(request: Request, secret: str) -> bytes:
    """Parameter `sign` of TOP: over all other parameters, sorted, and a body that is no form.

    `sign_method` md5 (the default) puts the secret at both ends; `hmac` and `hmac-sha256` key a hash with it.
    The payload of a form is the object of its fields.
    """
    pairs = _pairs(request.query.encode())
    form = _pairs(request.body) if request.is_form else {}
    if pairs.keys() & form.keys():
        raise SignatureError("a parameter is there twice")
    pairs |= form
    given = pairs.pop("sign", request.headers.get("top-sign", ""))
    text = "".join(f"{name}{value}" for name, value in sorted(pairs.items())).encode()
    text += b"" if request.is_form else request.body
    method = pairs.get("sign_method", "md5").lower()
    key = secret.encode()
    if method == "md5":
        made = hashlib.md5(key + text + key, usedforsecurity=False).hexdigest()
    elif method in ("hmac", "hmac-md5"):
        made = hmac.new(key, text, hashlib.md5).hexdigest()
    elif method == "hmac-sha256":
        made = hmac.new(key, text, hashlib.sha256).hexdigest()
    else:
        raise SignatureError("a sign_method that is not known")
    _compare(given.lower(), made)
    form.pop("sign", None)
    return json.dumps(form, ensure_ascii=False).encode() if request.is_form else request.body


SIGNATURES: Mapping[str, Callable[[Request, str], bytes]] = {
    "easypost": easypost,
    "aftership": aftership,
    "shopify": shopify,
    "kuaidi100": kuaidi100,
    "taobao": taobao,
}
"""The check of each sender: returns the payload, raises SignatureError."""


def checked(sender: str, request: Request, secret: str) -> bytes:
    """Returns the payload of a request that its sender signed.

    Raises SignatureError, also where there is no secret: nobody can have signed then. Raises KeyError for a
    sender that is not known.
    """
    check = SIGNATURES[sender]
    if not secret:
        raise SignatureError("no secret")
    return check(request, secret)


def _base64_hmac(body: bytes, secret: str) -> str:
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def _compare(given: str | None, made: str) -> None:
    if not given:
        raise SignatureError("no signature")
    if not hmac.compare_digest(given.strip().encode(), made.encode()):
        raise SignatureError("another signature")


def _pairs(raw: bytes) -> dict[str, str]:
    """The fields of a form. Raises SignatureError for what is none, and for a field that is there twice."""
    try:
        found = parse_qsl(raw.decode(), keep_blank_values=True, errors="strict", max_num_fields=FIELDS_MOST)
    except (ValueError, binascii.Error):
        raise SignatureError("no form") from None
    if len(dict(found)) != len(found):
        raise SignatureError("a parameter is there twice")
    return dict(found)
