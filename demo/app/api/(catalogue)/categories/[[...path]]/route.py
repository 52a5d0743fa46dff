"""GET /api/categories/shoes/running: a walk down the tree of categories; /api/categories is its top.

`[[...path]]` takes zero or more segments, and `path` is the list of them.
"""

from typing import TypedDict

from app._lib.catalogue import Category, child_categories, find_category
from fsroute import HTTPError


class Branch(TypedDict):
    """A category and those one step below it."""

    path: str
    title: str
    children: list[Category]


def GET(path: list[str]) -> Branch:
    """A category and those one step below it.

    Raises:
        HTTPError(404): there is no such category.
    """
    whole = "/".join(path)
    category = find_category(whole) if whole else Category("", "Everything")
    if category is None:
        raise HTTPError(404, "Category not found")
    return {"path": category.path, "title": category.title, "children": child_categories(whole)}
