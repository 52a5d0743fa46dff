"""/api/users: list the users, add one."""

from typing import Literal, TypedDict

from app._lib.users import NewUser, User, add_user, all_users
from fsroute import Request


class Created(TypedDict):
    """The user that was added."""

    message: str
    id: int
    name: str


def GET() -> list[User]:
    """All users, by id."""
    return all_users()


def POST(request: Request, new: NewUser) -> tuple[Literal[201], dict[str, str], Created]:
    """Add a user.

    Raises:
        HTTPError(409): the email address belongs to another user.
    """
    user = add_user(new)
    where = request.url_for("/api/users/[id]", id=user.id)
    return 201, {"Location": where}, {"message": "User created", "id": user.id, "name": user.name}
