"""GET /api/admin/messages: what visitors have written."""

from app._lib.contact import Message, all_messages


def GET() -> list[Message]:
    """All messages, the oldest first."""
    return all_messages()
