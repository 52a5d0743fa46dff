"""/api/users: list the users, add one."""

from app._lib.users import RULES, User, add_user, all_users
from app._lib.validation import check, json_object
from fsroute import Request, Response


def GET() -> list[User]:
    return all_users()


def POST(request: Request) -> Response:
    user = add_user(**check(json_object(request), RULES))
    return Response.json(
        {"message": "User created", "id": user.id, "name": user.name},
        status=201,
        headers={"Location": request.url_for("/api/users/[id]", id=user.id)},
    )
