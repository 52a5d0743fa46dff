"""POST /api/contact: a message to the shop, with a picture if you like.

`max_body` is the limit of this route alone; the rest of the shop keeps the app's 1 MiB. A page without script
sends the same form, prefers HTML, and is sent back to where it came from.
"""

from typing import Annotated, Literal, TypedDict

from app._lib.contact import NewMessage, add_message
from fsroute import Form, Request, Response

max_body = 2 * 2**20


class Received(TypedDict):
    """The message's number, and where its picture is shown."""

    message: str
    id: int
    avatar: str | None


def POST(request: Request, new: Annotated[NewMessage, Form]
         ) -> Response | tuple[Literal[201], dict[str, str], Received]:
    """Write to the shop. Who prefers HTML is sent back to the page."""
    id, picture = add_message(new)
    if request.prefers("application/json", "text/html") == "text/html":
        return Response.redirect(request.url_for("/") + "#thanks", status=303)
    url = picture and request.url_for("/api/contact/avatars/[name]", name=picture)
    return 201, {}, {"message": f"Thank you, {new.name}", "id": id, "avatar": url}
