"""What a user's function says of who may pass."""

from functools import partial
from typing import Any

import pytest

from fsroute.middleware.verdict import judging


class Asks:
    def __call__(self, name: str) -> bool:
        return name == "eve"

    async def later(self, name: str) -> bool:
        return True


class AsksLater:
    async def __call__(self, name: str) -> bool:
        return True


async def waits(name: str) -> bool:
    return True


@pytest.mark.parametrize("function", [lambda name: name == "eve", Asks(), Asks().__call__, "eve".__eq__,
                                      partial(lambda wanted, name: name == wanted, "eve")])
def test_it_is_taken_at_its_word(function: Any) -> None:
    judge = judging("users", function)
    assert (judge("eve"), judge("adam")) == (True, False)


@pytest.mark.parametrize("function", [waits, partial(waits), AsksLater(), Asks().later, AsksLater().__call__])
def test_an_async_one_is_refused_before_anybody_asks_it(function: Any) -> None:
    with pytest.raises(TypeError, match="users is a plain function, not an async one"):
        judging("users", function)


@pytest.mark.parametrize("verdict", [None, 1, 0, "", "yes", [], NotImplemented])
def test_what_is_only_like_a_word_lets_nobody_pass(verdict: Any) -> None:
    with pytest.raises(TypeError, match="given as origins says True or False, but it returned"):
        judging("origins", lambda origin: verdict)("https://a.example")


def test_what_it_is_asked_and_what_it_raises_pass_through() -> None:
    asked: list[tuple[str, ...]] = []

    def fails(*given: str) -> bool:
        asked.append(given)
        raise KeyError("no database")

    with pytest.raises(KeyError, match="no database"):
        judging("users", fails)("eve", "secret")
    assert asked == [("eve", "secret")]
