"""Lists the kinds of payloads, and adapts one by its kind."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from aftersales_adapters import aftership, easypost, kuaidi100, shopify, taobao
from aftersales_adapters.reading import Node, parse
from aftersales_adapters.result import Adapted, Context

Adapter = Callable[[Node, Context], Adapted]
KINDS: Mapping[str, Adapter] = MappingProxyType(
    {
        easypost.NAME: easypost.adapt,
        aftership.NAME: aftership.adapt,
        kuaidi100.NAME: kuaidi100.adapt,
        shopify.NAME: shopify.adapt,
        taobao.NAME: taobao.adapt,
    }
)
"""The adapter of each kind of payload."""


def adapt(kind: str, payload: bytes | str, context: Context | None = None) -> Adapted:
    """Turns one payload into events, with the codes that are unknown and remarks on what was not told.

    Raises KeyError for a kind that is not known, PayloadError for a payload that cannot be told.
    """
    adapter = KINDS[kind]
    return adapter(parse(payload), context or Context())
