"""Derived ids: readable, bounded, stable."""

from hypothesis import given
from hypothesis import strategies as st

from kernel.ids import ID_LENGTH_MAX, derived_id

parts = st.lists(
    st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=80), min_size=1, max_size=4
)


@given(parts)
def test_an_id_is_short_printable_and_the_same_again(made_of: list[str]) -> None:
    found = derived_id(*made_of)
    assert len(found) <= ID_LENGTH_MAX
    assert found.isascii()
    assert found == derived_id(*made_of)


def test_ids_that_were_given_before_stay() -> None:
    """These ids are stored by services that run; a payment is recognised by them."""
    long = "x" * 60
    assert derived_id("o1", "confirm", "2") == "o1.confirm.2"
    assert derived_id(long, "refund", "1") == f"{long[:38]}~99242ed9b0761a3f.refund.1"
    assert (
        derived_id("dispatch." + long[:32], "attention", "20260101000000")
        == "0fd27e2b1f1a017c943e91536c452778"
    )
    assert derived_id("exchange", long) == "exchange.fb8212f02ebe7bc0a67215037006f122267b081a"


def test_an_id_with_characters_of_no_id_is_a_digest() -> None:
    assert derived_id("快递", "1") != derived_id("快递", "2")
    assert derived_id("快递", "1").isalnum()


def test_a_shortened_id_keeps_what_tells_its_number() -> None:
    assert derived_id("y" * 64, "try", "12").endswith(".try.12")
