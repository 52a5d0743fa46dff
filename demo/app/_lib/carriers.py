"""Three carriers that quote a price. Each takes its time, as if it were asked over the network."""

import asyncio
from dataclasses import dataclass

FREE_FROM = 10000   # euro cents: the cheapest carrier is then on the house


@dataclass(frozen=True, slots=True)
class Quote:
    """What a carrier asks in euro cents, and how long it takes."""

    carrier: str
    cents: int
    days: int


async def quotes(goods: int) -> list[Quote]:
    """What each carrier asks for goods worth that many cents, cheapest first; all are asked at once."""
    answers = await asyncio.gather(
        _ask("Snail Post", seconds=0.03, cents=0 if goods >= FREE_FROM else 390, days=5),
        _ask("Pigeon Express", seconds=0.02, cents=690, days=2),
        _ask("Night Owl", seconds=0.04, cents=1490, days=1),
    )
    return sorted(answers, key=lambda quote: quote.cents)


async def _ask(carrier: str, *, seconds: float, cents: int, days: int) -> Quote:
    await asyncio.sleep(seconds)
    return Quote(carrier, cents, days)
