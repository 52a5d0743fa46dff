"""/api/users/42: read one user, replace it, change a part of it, remove it.

`id: int` is the folder's `[id]`, converted: `/api/users/abc` is a 404 before any of this runs. Then the body
is judged by its class, and who sends a wrong one is told all that is wrong with it.
"""

from typing import Annotated, Literal

from app._lib.users import Changes, NewUser, User, change_user, find_user, remove_user, some
from fsroute import HTTPError


def GET(id: int) -> User:
    """One user.

    Raises:
        HTTPError(404): there is no such user.
    """
    return found(find_user(id))


def PUT(id: int, new: NewUser) -> User:
    """Replace a user. None is made: the shop hands out the ids.

    Raises:
        HTTPError(404): there is no such user.
        HTTPError(409): the email address belongs to another user.
    """
    return found(change_user(id, new.name, new.email))


def PATCH(id: int, changes: Annotated[Changes, some]) -> User:
    """Change a part of a user.

    Raises:
        HTTPError(404): there is no such user.
        HTTPError(409): the email address belongs to another user.
    """
    return found(change_user(id, **changes))


def DELETE(id: int) -> tuple[Literal[204], dict[str, str], None]:
    """Remove a user. The id is not used again.

    Raises:
        HTTPError(404): there is no such user.
    """
    if not remove_user(id):
        raise HTTPError(404, "User not found")
    return 204, {}, None


def found(user: User | None) -> User:
    if user is None:
        raise HTTPError(404, "User not found")
    return user
