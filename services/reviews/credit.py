"""Names whose credit moves and what keeps a point from counting."""

from enum import StrEnum


class Role(StrEnum):
    """Whose credit it is."""

    BUYER = "buyer"
    SELLER = "seller"


class Cap(StrEnum):
    """The cap that kept a point from counting."""

    NONE = "none"
    SAME_ITEM = "same_item"
    MONTH_POINTS = "month_points"
    MONTH_TRADES = "month_trades"
