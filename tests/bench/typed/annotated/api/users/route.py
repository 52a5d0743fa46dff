from dataclasses import dataclass

from fsroute import Response


@dataclass
class NewUser:
    name: str
    email: str
    age: int


def POST(user: NewUser) -> Response:
    return Response.json({"message": "User created", "name": user.name, "age": user.age}, status=201)
