"""POST /api/webhooks/github: what happens in the shop's repository becomes a task for its people.

The id of a delivery is not signed. GitHub sends a delivery again under the same one; who else knew a signed
body could send that once more under another, which here makes one task too many.
"""

import json

from app._lib.db import transaction
from app._lib.webhooks import is_from_github, is_new, secret_of, unsigned
from fsroute import Request, Response

max_body = 25 * 2**20           # the most that GitHub sends
trailing_slash = "ignore"       # GitHub follows no redirect
hidden = True                   # it is for GitHub alone, which says what it sends


def POST(request: Request) -> Response:
    signature = request.headers.get("X-Hub-Signature-256", "")
    if not is_from_github(secret_of("SHOP_GITHUB_SECRET"), request.bytes(), signature):
        raise unsigned()
    event, delivery = request.headers["X-GitHub-Event"], request.headers["X-GitHub-Delivery"]
    task = None if event == "ping" else _task(event, request.json())
    if task is None:
        return Response.empty()
    with transaction() as db:
        if is_new(db, "github", delivery):
            db.execute("INSERT INTO tasks (task) VALUES (?)", (json.dumps(task),))
    return Response.json({"message": "It will be done", "task": task}, status=202)


def _task(event: str, payload: object) -> dict[str, str | int] | None:
    match event, payload:
        case "push", {"ref": "refs/heads/main", "after": str(commit)}:
            return {"do": "deploy", "commit": commit}
        case "issues", {"action": "opened", "issue": {"number": int(number)}}:
            return {"do": "answer", "issue": number}
    return None
