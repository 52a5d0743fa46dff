"""POST /api/contact: a message to the shop, with a picture if you like.

`max_body` is the limit of this route alone; the rest of the shop keeps the app's 1 MiB. A page without script
sends the same form, prefers HTML, and is sent back to where it came from.
"""

from app._lib.contact import RULES, add_message
from app._lib.validation import check
from fsroute import Request, Response

max_body = 2 * 2**20


def POST(request: Request) -> Response:
    form = request.form()
    values = check({**form, "avatar": form.files.get("avatar")}, RULES)
    id, picture = add_message(**values)
    if request.prefers("application/json", "text/html") == "text/html":
        return Response.redirect(request.url_for("/") + "#thanks", status=303)
    url = picture and request.url_for("/api/contact/avatars/[name]", name=picture)
    return Response.json({"message": f"Thank you, {values['name']}", "id": id, "avatar": url}, status=201)
