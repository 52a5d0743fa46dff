from fsroute import Request


def GET(request: Request) -> dict[str, str | int | None]:
    return {"category": request.query.get("category"), "limit": request.query.get("limit", 10, type=int)}
