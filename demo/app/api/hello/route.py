"""GET /api/hello: the smallest route there is."""


def GET() -> dict[str, str]:
    return {"message": "Hello, World!"}
