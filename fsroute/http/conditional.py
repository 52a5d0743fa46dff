"""Has the client got this already? (RFC 9110, 13.1.2)

Rules this module keeps
-----------------------
1. If-None-Match compares weakly: W/"x" and "x" are the same here.
2. Only a quoted tag is a tag; a client's broken list is read as far as it makes sense, in linear time.
"""

from __future__ import annotations

import re

# entity-tag = [ "W/" ] DQUOTE *etagc DQUOTE; etagc has no DQUOTE, so the scan never steps back
_tags = re.compile(r'(?:W/)?("[^"]*")').findall


def none_match(header: str | None, etag: str) -> bool:
    """True when the client's copy differs or it has none: send it. False: 304.

    header: If-None-Match, or None. etag: ours, quoted.
    """
    if header is None:
        return True
    if header.strip() == "*":
        return False
    return etag.removeprefix("W/") not in _tags(header)
