"""Signatures of webhooks: each sender's own way; a changed byte, another secret, no signature, no secret."""

import base64
import hashlib
import hmac
import json
from urllib.parse import quote, urlencode

import pytest

from aftersales_adapters.signatures import SIGNATURES, Request, SignatureError, checked

SECRET = "Grüße-秘密-1"
BODY = '{"tid":1,"名":"值"}'.encode()
FORM = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}


def mac(body: bytes, secret: str = SECRET) -> bytes:
    return hmac.new(secret.encode(), body, hashlib.sha256).digest()


def top(pairs: dict[str, str], body: bytes = b"", secret: str = SECRET, method: str = "md5") -> str:
    """The signature of TOP, made here once more from its description."""
    text = "".join(name + pairs[name] for name in sorted(pairs)).encode() + body
    key = secret.encode()
    if method == "md5":
        return hashlib.md5(key + text + key, usedforsecurity=False).hexdigest().upper()
    algorithm = hashlib.sha256 if method == "hmac-sha256" else hashlib.md5
    return hmac.new(key, text, algorithm).hexdigest().upper()


def signed(sender: str, body: bytes = BODY, secret: str = SECRET) -> Request:
    """A request as its sender signs it."""
    match sender:
        case "easypost":
            # NFKD takes letters and their marks apart; a secret that is typed in either form is the same.
            key = secret.replace("ü", "u\u0308")
            return Request(body, {"x-hmac-signature": f"hmac-sha256-hex={mac(body, key).hex()}"})
        case "aftership" | "shopify":
            name = {"aftership": "aftership-hmac-sha256", "shopify": "x-shopify-hmac-sha256"}[sender]
            return Request(body, {name: base64.b64encode(mac(body, secret)).decode()})
        case "kuaidi100":
            sign = hashlib.md5(body + secret.encode(), usedforsecurity=False).hexdigest().upper()
            return Request(urlencode({"sign": sign, "param": body.decode()}).encode(), FORM)
        case _:
            pairs = {"app_key": "12", "timestamp": "2026-11-20 10:00:00"}
            query = urlencode({**pairs, "sign": top(pairs, body, secret)})
            return Request(body, {"content-type": "application/json"}, query)


@pytest.mark.parametrize("sender", SIGNATURES)
def test_a_signed_payload_is_taken_out_as_it_was(sender: str) -> None:
    assert checked(sender, signed(sender), SECRET) == BODY


@pytest.mark.parametrize("sender", SIGNATURES)
def test_another_secret_is_refused(sender: str) -> None:
    with pytest.raises(SignatureError, match="another signature"):
        checked(sender, signed(sender, secret="other"), SECRET)


@pytest.mark.parametrize("sender", SIGNATURES)
def test_a_changed_body_is_refused(sender: str) -> None:
    request = signed(sender)
    changed = request.body.replace(b"tid", b"tia")
    assert changed != request.body
    with pytest.raises(SignatureError, match="another signature"):
        checked(sender, Request(changed, request.headers, request.query), SECRET)


@pytest.mark.parametrize("sender", SIGNATURES)
def test_no_signature_is_refused(sender: str) -> None:
    request = signed(sender)
    body = urlencode({"param": BODY.decode()}).encode() if sender == "kuaidi100" else request.body
    bare = {name: value for name, value in request.headers.items() if name == "content-type"}
    with pytest.raises(SignatureError, match="no signature"):
        checked(sender, Request(body, bare), SECRET)


@pytest.mark.parametrize("sender", SIGNATURES)
def test_without_a_secret_nothing_is_signed_even_by_an_empty_one(sender: str) -> None:
    with pytest.raises(SignatureError, match="no secret"):
        checked(sender, signed(sender, secret=""), "")


@pytest.mark.parametrize("method", ["md5", "hmac", "hmac-sha256"])
def test_a_form_of_taobao_becomes_the_object_of_its_fields(method: str) -> None:
    pairs = {"topic": "taobao_trade_TradeBuyerPay", "content": "{}", "sign_method": method}
    body = urlencode({**pairs, "sign": top(pairs, method=method)}).encode()
    assert json.loads(checked("taobao", Request(body, FORM), SECRET)) == pairs


@pytest.mark.parametrize(
    ("request_", "fault"),
    [
        (Request(b"sign=a&sign=b&param=c", FORM), "there twice"),
        (Request(b"sign=a&param=%FF", FORM), "no form"),
        (Request(b"a=1&" * 300 + b"param=c", FORM), "no form"),
        (Request(b"sign=a", FORM), "no field param"),
    ],
)
def test_a_form_that_could_be_read_in_two_ways_is_refused(request_: Request, fault: str) -> None:
    with pytest.raises(SignatureError, match=fault):
        checked("kuaidi100", request_, SECRET)


def test_a_parameter_of_taobao_in_query_and_form_is_refused() -> None:
    pairs = {"topic": "x"}
    body = urlencode({**pairs, "sign": top(pairs)}).encode()
    with pytest.raises(SignatureError, match="there twice"):
        checked("taobao", Request(body, FORM, "topic=y"), SECRET)


def test_a_method_of_taobao_that_nobody_knows_is_refused() -> None:
    with pytest.raises(SignatureError, match="sign_method"):
        checked("taobao", Request(b"{}", {}, f"sign_method={quote('rot13')}&sign=a"), SECRET)


def test_an_error_names_no_value() -> None:
    with pytest.raises(SignatureError) as caught:
        checked("shopify", signed("shopify", secret="other"), SECRET)
    assert SECRET not in str(caught.value)
    assert base64.b64encode(mac(BODY)).decode() not in str(caught.value)
