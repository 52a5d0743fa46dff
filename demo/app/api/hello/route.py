"""GET /api/hello: the smallest route there is."""


def GET() -> dict[str, str]:
    """Say hello."""
    return {"message": "Hello, World!"}
