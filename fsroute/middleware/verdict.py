"""Verdicts: what a user's function says of who may pass.

Rules this module keeps
-----------------------
1. It says True or False and nothing that is only like it: a coroutine that nobody awaited is true, and would
   let everybody pass.
2. An async function is refused when the middleware is made, whatever it hides in; the rest when it is asked.
"""

from __future__ import annotations

from ..handlers.signature import COROUTINE, flags

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def judging(option: str, function: Callable[..., object]) -> Callable[..., bool]:
    """The function that was given as that option, held to its word.

    Raises TypeError for an async one; what it returns raises TypeError for what is neither True nor False.
    """
    if flags(function) & COROUTINE:
        raise TypeError(f"{option} is a plain function, not an async one: what that returns is always true")

    def judge(*asked: str) -> bool:
        verdict = function(*asked)
        if not isinstance(verdict, bool):
            raise TypeError(f"the function given as {option} says True or False, "
                            f"but it returned {type(verdict).__name__}")
        return verdict
    return judge
