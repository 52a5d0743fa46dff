"""Webhooks are sent by programs, with no cookie and no password that a browser would add: each route checks a
signature instead. csrf would let them pass today, for they send neither Origin nor Sec-Fetch-Site, but it is
no guard of theirs and could only refuse one by mistake.

`inherit = False` leaves out what runs around the folders above. What must stay is named again.
"""

from app.middleware import middleware as around_everything

inherit = False
middleware = around_everything
