from fsroute import Request


def GET(request: Request) -> dict[str, str | None]:
    return {"category": request.query.get("category"), "limit": request.query.get("limit")}
