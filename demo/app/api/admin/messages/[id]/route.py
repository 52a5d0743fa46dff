"""DELETE /api/admin/messages/7: take a message away.

Its picture stays: another message may show the same one.
`@use` is for this method alone: the clerk may read what the owner may delete.
"""

from typing import Literal

from app._lib.contact import remove_message
from app._lib.staff import only
from fsroute import HTTPError, Request, use


@use(only("owner"))
def DELETE(request: Request, id: int) -> tuple[Literal[204], dict[str, str], None]:
    """Take a message away.

    Raises:
        HTTPError(403): only the owner may do this.
        HTTPError(404): there is no such message.
    """
    if not remove_message(request.state.db, id):
        raise HTTPError(404, "Message not found")
    return 204, {}, None
