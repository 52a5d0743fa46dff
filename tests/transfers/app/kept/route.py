"""Whether the upload that was kept is closed."""

from .. import _kept


def GET() -> dict[str, bool]:
    return {"closed": _kept.upload is not None and _kept.upload.file.closed}
