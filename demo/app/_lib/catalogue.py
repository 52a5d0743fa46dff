"""The products and their categories. A category is a path: `shoes/running` stands below `shoes`."""

from dataclasses import dataclass

from app._lib.db import connection


@dataclass(frozen=True, slots=True)
class Product:
    """A thing to buy, at so many euro cents, in a category such as shoes/running."""

    slug: str
    name: str
    category: str
    cents: int
    color: str


@dataclass(frozen=True, slots=True)
class Category:
    """One step of the tree of categories."""

    path: str
    title: str


def find_products(category: str | None, limit: int) -> list[Product]:
    """At most limit products of a category and all below it, or of the whole shop."""
    rows = connection().execute(
        """SELECT slug, name, category, cents, color FROM products
           WHERE :category IS NULL OR instr(category || '/', :category || '/') = 1
           ORDER BY name LIMIT :limit""",
        {"category": category, "limit": limit},
    )
    return [Product(*row) for row in rows]


def find_product(slug: str) -> Product | None:
    row = connection().execute(
        "SELECT slug, name, category, cents, color FROM products WHERE slug = ?", (slug,)
    ).fetchone()
    return None if row is None else Product(*row)


def find_category(path: str) -> Category | None:
    row = connection().execute("SELECT path, title FROM categories WHERE path = ?", (path,)).fetchone()
    return None if row is None else Category(*row)


def child_categories(path: str) -> list[Category]:
    """The categories one step below path; `""` is the top of the tree."""
    prefix = f"{path}/" if path else ""
    rows = connection().execute(
        """SELECT path, title FROM categories
           WHERE instr(path, :prefix) = 1 AND instr(substr(path, length(:prefix) + 1), '/') = 0
           ORDER BY rowid""",
        {"prefix": prefix},
    )
    return [Category(*row) for row in rows]
