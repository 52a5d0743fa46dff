"""The Content-Security-Policy of a page: the script and the style that stand in it, and no others.

They are named by their hashes. What gets into the page as markup, a customer's name say, has another hash,
and a browser runs none of it. The hashes are made when the server starts: start it again after a change.
"""

import base64
import hashlib
import re
from pathlib import Path


def policy_of(page: Path) -> str:
    """The policy of an HTML file whose own pictures, requests and forms stay on this site."""
    html = page.read_text("utf-8")
    return "; ".join([
        "default-src 'none'",
        f"script-src {_hashes('script', html)}",
        f"style-src {_hashes('style', html)}",
        "connect-src 'self'", "img-src 'self'", "base-uri 'none'", "form-action 'self'",
    ])


def _hashes(tag: str, html: str) -> str:
    texts = re.findall(f"<{tag}>(.*?)</{tag}>", html, re.DOTALL)
    digests = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in texts]
    return " ".join(f"'sha256-{digest}'" for digest in digests) or "'none'"
