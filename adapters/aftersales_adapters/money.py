"""Reads amounts as text into whole minor units of a currency."""

import re
from decimal import Decimal

from aftersales_contracts.base import Money

_EXPONENTS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
}
EXPONENT = {code: exponent for exponent, codes in _EXPONENTS.items() for code in codes.split()}
"""Decimals of the currencies of ISO 4217 that do not have two."""
_AMOUNT = re.compile(r"[+-]?(?:\d{1,18}(?:\.\d{0,12})?|\.\d{1,12})", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)
MOST_MINOR = 2**53 - 1


def exponent_of(currency: str) -> int:
    """Returns the number of decimals of a currency."""
    return EXPONENT.get(currency, 2)


def is_currency(text: str) -> bool:
    """Tells whether the text has the form of an ISO 4217 code."""
    return _CURRENCY.fullmatch(text) is not None


def minor_of(text: str, currency: str) -> int:
    """Converts an amount to minor units, with its sign. Raises ValueError for no amount and for too many
    decimals.

    `12.00` yen are 12 yen: decimals that say nothing are no fault. `12.50` yen are one.
    """
    if _AMOUNT.fullmatch(text) is None:
        raise ValueError("no amount")
    scaled = Decimal(text).scaleb(exponent_of(currency))
    if scaled != scaled.to_integral_value():
        raise ValueError(f"more decimals than {currency} has ({exponent_of(currency)})")
    minor = int(scaled)
    if abs(minor) > MOST_MINOR:
        raise ValueError("an amount beyond all bounds")
    return minor


def money(minor: int, currency: str) -> Money:
    """Makes an amount of the contracts. Raises pydantic.ValidationError below zero."""
    return Money(minor=minor, currency=currency)
