"""What a request leaves to the garbage collector: nothing, or every worker pays for it in pauses."""

import gc
from collections.abc import Callable


def check_no_garbage(requests: Callable[[], None]) -> None:
    """Makes the requests twice; AssertionError when those of the second time left something."""
    requests()
    gc.collect()
    gc.disable()
    try:
        requests()
        assert gc.collect() == 0
    finally:
        gc.enable()
