from fsroute import Request


def GET(request: Request) -> dict[str, str]:
    return {"message": "Hello, World!"}
