"""schemathesis against the shop: all that its document allows or forbids is sent, and nothing may be found.

    python -m tests.demo.fuzz [OPTION OF SCHEMATHESIS]...

The shop runs under gunicorn, on a database of its own that holds two orders and a message with a picture.
"""

import base64
import subprocess
import sys
import tempfile
from pathlib import Path

from .conftest import STAFF, ask, multipart, serving

CONFIG = Path(__file__).with_name("schemathesis.toml")

PICTURE = base64.b64decode("R0lGODlhAQABAIAAAKg8IwAAACwAAAAAAQABAAACAkQBADs=")


def main(options: list[str]) -> int:
    """0 when schemathesis found nothing and the shop has logged no fault; else its log is printed."""
    with tempfile.TemporaryDirectory() as folder:
        with serving("gunicorn", Path(folder)) as url:
            fill(url)
            found = subprocess.run([
                sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIG), "run",
                f"{url}/api/openapi.json", "--checks", "all", "--auth", f"owner:{STAFF['owner']}", *options,
            ], cwd=folder).returncode
        log = (Path(folder) / "log").read_text()
        failed = found or "Traceback" in log
        print(log if failed else "The shop has logged no fault.", flush=True)
        return int(bool(failed))


def fill(url: str) -> None:
    """Order something twice, and write a message."""
    for name in ("Alice", "Bob"):
        _, headers, _ = ask(url, "POST", "/api/basket", {"slug": "trail-fox", "quantity": 1})
        basket = {"Cookie": headers["Set-Cookie"].partition(";")[0]}
        status, _, answer = ask(url, "POST", "/api/orders", {"name": name}, basket)
        assert status == 201, answer
    body, kind = multipart([("name", "Carol"), ("email", "carol@example.com"), ("message", "Hello"),
                            ("avatar", ("dot.gif", PICTURE, "image/gif"))])
    status, _, answer = ask(url, "POST", "/api/contact", body, {"Content-Type": kind})
    assert status == 201, answer


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
