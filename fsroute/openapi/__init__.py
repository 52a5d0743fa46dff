"""OpenAPI: what an app serves, as one document that other programs read (OpenAPI 3.1.0, JSON Schema 2020-12).

Rules this package keeps
------------------------
1. Nothing is written down twice: paths are folders, parameters and bodies are arguments, answers are what a
   handler says that it returns, and words are docstrings, which are published by this. A route that is
   `hidden` is left out.
2. A schema takes what the checks take. Where JSON Schema has no word for it, it takes more, never less. An
   annotation that says nothing is {}, anything. Nothing fails here.
3. OpenAPI 3.1 has words for seven methods of a route file; QUERY and others are left out. What middleware
   answers is not known.
4. The same routes give the same document, in their order. All that it refers to is in it.
"""

from __future__ import annotations

from .operations import Operations
from .paths import sorted_out

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from ..routing.route import Route


def document(routes: Iterable[Route], *, title: str, extra: Mapping[str, Any] | None = None
             ) -> dict[str, Any]:
    """The document of these routes, of types that JSON has words for.

    routes: imported ones. Pages, public files and hidden routes are passed over.
    title: of the API, unless extra has an info with one.
    extra: further members of the document, such as servers or the security of one operation: mappings are
    merged, anything else takes the place of what is made here.
    """
    operations = Operations()
    told = [route for route in routes if route.kind == "route" and not route.hidden]
    kept, left_out = sorted_out(told)
    paths = {each.path: operations.path_item(each) for each in kept}
    tags = sorted({tag for each in kept for tag in each.tags()})
    components = {name: parts for name, parts in operations.components().items() if parts}
    made: dict[str, Any] = {"openapi": "3.1.0", "info": {"title": title, "version": "0"}, "paths": paths,
                            "components": components}
    if tags:
        made["tags"] = [{"name": tag} for tag in tags]
    if left_out:
        made["x-fsroute-left-out"] = left_out
    return _merged(made, extra or {})


def _merged(made: dict[str, Any], extra: Mapping[str, Any]) -> dict[str, Any]:
    """What was made with the further members in it, mapping by mapping."""
    return {**made, **{name: _merged(made[name], value) if _are_mappings(made.get(name), value) else value
                       for name, value in extra.items()}}


def _are_mappings(*values: object) -> bool:
    return all(isinstance(value, dict) for value in values)
