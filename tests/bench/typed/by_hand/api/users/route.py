from fsroute import HTTPError, Request, Response


def POST(request: Request) -> Response:
    user = request.json()
    try:
        name, email, age = user["name"], user["email"], user["age"]
        is_right = isinstance(name, str) and isinstance(email, str) and isinstance(age, int)
    except (KeyError, TypeError):
        is_right = False
    if not is_right:
        raise HTTPError(400)
    return Response.json({"message": "User created", "name": name, "age": age}, status=201)
