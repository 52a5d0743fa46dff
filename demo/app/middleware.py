"""What runs around everything the shop answers: the page, its pictures, the API, and a 404 of any of them."""

from pathlib import Path

from app._lib.policy import policy_of
from fsroute.middleware.request_id import request_id
from fsroute.middleware.security_headers import security_headers

middleware = [
    request_id(),       # the first: all that runs inside can name the request
    security_headers(content_security_policy=policy_of(Path(__file__).with_name("page.html"))),
]
