"""Content that is large and told apart everywhere."""

import random
from collections.abc import Iterator

SIZE = 65_536
_REST = random.Random(4).randbytes(SIZE - 8)


def blocks(count: int) -> Iterator[bytes]:
    for number in range(count):
        yield number.to_bytes(8, "big") + _REST
