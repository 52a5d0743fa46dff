"""/api/users/42: read one user, replace it, change a part of it, remove it.

`id: int` is the folder's `[id]`, converted: `/api/users/abc` is a 404 before any of this runs.
"""

from app._lib.users import RULES, User, change_user, find_user, remove_user
from app._lib.validation import check, invalid, json_object
from fsroute import HTTPError, Request, Response


def GET(request: Request, id: int) -> User:
    return found(find_user(id))


def PUT(request: Request, id: int) -> User:
    return found(change_user(id, check(json_object(request), RULES)))


def PATCH(request: Request, id: int) -> User:
    body = json_object(request)
    rules = {name: rule for name, rule in RULES.items() if name in body}
    if not rules:
        raise invalid([{"name": "", "message": "nothing to change: send name, email or both"}])
    return found(change_user(id, check(body, rules)))


def DELETE(request: Request, id: int) -> Response:
    if not remove_user(id):
        raise HTTPError(404, "User not found")
    return Response.empty()


def found(user: User | None) -> User:
    if user is None:
        raise HTTPError(404, "User not found")
    return user
