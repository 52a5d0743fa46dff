"""The fsroute applications that are measured."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import fsroute.handlers.build
from fsroute import App
from fsroute.routing.route import Segment, pattern
from fsroute.routing.trie import Matcher

ROOT = Path(__file__).with_name("app")
TYPED = ROOT.with_name("typed")
LAYERED = {1: ROOT.with_name("layered") / "one", 3: ROOT.with_name("layered") / "three"}

Segments = tuple[Segment, ...]


def fsroute_app() -> App:
    """The real tree beside this file, set up as any service would be."""
    return App(str(ROOT), package="fsroute_bench_app")


def fsroute_app_with_middleware(count: int) -> App:
    """An App that answers W1 through so many middleware, 1 or 3, which only hand on."""
    return App(str(LAYERED[count]), package=f"fsroute_bench_{LAYERED[count].name}")


def fsroute_app_typed(how: str) -> App:
    """An App that converts and checks what comes, "annotated" or "by_hand"."""
    return App(str(TYPED / how), package=f"fsroute_bench_typed_{how}")


def fsroute_app_with_routes(count: int) -> App:
    """The same App with so many routes in its matcher.

    100,000 files would take minutes to write, and a request never sees a file: it sees the matcher, and that
    has its entries from the App's own start. Here more entries join them on the way; all else is as it was.
    That is honest for what is measured, one route's cost among many: the matcher has its full size, and the
    route that is asked for is the real one. The others share one target, which saves only memory that no
    request would touch.
    """

    def crowded(entries: Iterable[tuple[Segments, Any]], places: Iterable[Any]) -> Matcher:
        own = list(entries)
        target = {pattern(segments): target for segments, target in own}["/api/hello"]
        return Matcher([*own, *((segments, target) for segments in _crowd(count - len(own)))], places)

    with patch.object(fsroute.handlers.build, "Matcher", crowded):
        return fsroute_app()


def _crowd(count: int) -> Iterator[Segments]:
    """Routes of every shape, beside the measured ones and between them."""
    api, users, items = Segment("literal", "api"), Segment("literal", "users"), Segment("literal", "items")
    for number in range(count):
        name = Segment("literal", f"r{number}")
        shapes = (
            (api, name, items),
            (api, name, Segment("param", "id")),
            (api, name, Segment("param", "id"), items, Segment("param", "item")),
            (api, name, Segment("rest", "path")),
            (api, users, name),
        )
        yield shapes[number % len(shapes)]
