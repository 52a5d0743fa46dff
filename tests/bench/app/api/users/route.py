from fsroute import Request, Response


def POST(request: Request) -> Response:
    user = request.json()
    return Response.json({"message": "User created", "name": user["name"]}, status=201)
