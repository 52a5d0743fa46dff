def GET(*, category: str | None = None, limit: int = 10) -> dict[str, str | int | None]:
    return {"category": category, "limit": limit}
