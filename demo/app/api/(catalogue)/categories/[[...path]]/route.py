"""GET /api/categories/shoes/running: a walk down the tree of categories; /api/categories is its top.

`[[...path]]` takes zero or more segments, and `params["path"]` is the list of them.
"""

from collections.abc import Mapping
from typing import Any

from app._lib.catalogue import Category, child_categories, find_category
from fsroute import HTTPError, Request


def GET(request: Request, params: Mapping[str, Any]) -> dict[str, Any]:
    path = "/".join(params["path"])
    category = find_category(path) if path else Category("", "Everything")
    if category is None:
        raise HTTPError(404, "Category not found")
    return {"path": category.path, "title": category.title, "children": child_categories(path)}
