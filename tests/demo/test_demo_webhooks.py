"""Webhooks: believed when the signature holds, done once, and never a 5xx for what a stranger sends."""

import hmac
import importlib
import json
import time
from types import ModuleType
from typing import Any

import pytest
import stripe
from hypothesis import given
from hypothesis import strategies as st
from webtest import TestApp, TestResponse

from fsroute import App
from tests.exchange import Answer, environ_of, exchange

SECRET = "It's a Secret to Everybody"
HELLO = b"Hello, World!"
PUBLISHED = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"     # GitHub's own example
NOW = 1_700_000_000


@pytest.fixture
def webhooks(app: App) -> ModuleType:
    """The module app/_lib/webhooks.py."""
    return importlib.import_module("app._lib.webhooks")


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    """The secrets are known."""
    monkeypatch.setenv("SHOP_GITHUB_SECRET", SECRET)
    monkeypatch.setenv("SHOP_STRIPE_SECRET", SECRET)


# Signatures


def test_the_example_that_github_publishes_holds(webhooks: ModuleType) -> None:
    assert webhooks.is_from_github(SECRET.encode(), HELLO, f"sha256={PUBLISHED}")


WRONG = [
    "", "sha256=", PUBLISHED, f"sha1={PUBLISHED}", f"sha256={PUBLISHED[:-1]}", f"sha256={PUBLISHED}0",
    f"sha256={PUBLISHED.upper()}", f" sha256={PUBLISHED}", f"sha256={PUBLISHED[:-1]}8", f"sha256={'0' * 64}",
    f"sha256={PUBLISHED},sha256={PUBLISHED}", "sha256=\u00e9", "sha256=" + "\u00ff" * 64, "\ud800",
    "=", "é" * 9_000,
]


@pytest.mark.parametrize("signature", WRONG)
def test_any_other_header_is_no_signature_of_github(webhooks: ModuleType, signature: str) -> None:
    assert not webhooks.is_from_github(SECRET.encode(), HELLO, signature)


@pytest.mark.parametrize(("secret", "body"), [
    (b"another", HELLO), (SECRET.encode(), HELLO + b"\n"), (b"x", b""),
])
def test_a_signature_is_of_one_secret_and_one_body(webhooks: ModuleType, secret: bytes, body: bytes) -> None:
    assert not webhooks.is_from_github(secret, body, f"sha256={PUBLISHED}")


def signed(body: bytes, seconds: int | str = NOW, secret: str = SECRET) -> str:
    """The v1 that Stripe's documentation describes, by hand."""
    return hmac.new(secret.encode(), f"{seconds}.".encode() + body, "sha256").hexdigest()


RIGHT = signed(HELLO)


@pytest.mark.parametrize("header", [
    f"t={NOW},v1={RIGHT}",
    f"v1={RIGHT},t={NOW}",
    f"t={NOW},v1={'0' * 64},v1={RIGHT}",            # a secret is being replaced
    f"t={NOW},v1={RIGHT},v1={'0' * 64}",
    f"t={NOW},v0={'0' * 64},v1={RIGHT},v2=soon",    # schemes of other days
    f"t={NOW},,v1={RIGHT},é,=",
])
def test_one_right_v1_is_enough_for_stripe(webhooks: ModuleType, header: str) -> None:
    assert webhooks.is_from_stripe(SECRET.encode(), HELLO, header, NOW)


@pytest.mark.parametrize("header", [
    "", "t", "t=", ",", "=", f"t={NOW}", f"v1={RIGHT}", f"t={NOW},v1=", f"t={NOW},v1={RIGHT[:-1]}",
    f"t={NOW},v1={RIGHT}0", f"t={NOW},v1={RIGHT.upper()}", f"t={NOW},v0={RIGHT}", f"t={NOW},V1={RIGHT}",
    f"t={NOW + 1},v1={RIGHT}",
    f"t={NOW},t={NOW},v1={RIGHT}",                  # which of them was signed?
    f"t={NOW}, v1={RIGHT}", f"t={NOW};v1={RIGHT}", f"t= {NOW},v1={RIGHT}", f"t={NOW}.0,v1={RIGHT}",
    f"t=soon,v1={RIGHT}", f"t=-{NOW},v1={RIGHT}", f"t={'9' * 5_000},v1={RIGHT}", f"t=\u0661,v1={RIGHT}",
    f"t={NOW},v1=\u00e9", f"t={NOW},v1=\ud800", f"t={NOW},v1={signed(HELLO, secret='another')}",
    f"t={NOW},v1={hmac.new(SECRET.encode(), HELLO, 'sha256').hexdigest()}",     # without its time
])
def test_any_other_header_is_no_signature_of_stripe(webhooks: ModuleType, header: str) -> None:
    assert not webhooks.is_from_stripe(SECRET.encode(), HELLO, header, NOW)


def test_no_time_tells_where_a_signature_differs(
    webhooks: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every judgement is one comparison that takes the same time wherever the bytes differ."""
    compared: list[bool] = []

    def watched(one: bytes, other: bytes) -> bool:
        assert type(one) is type(other) is bytes
        compared.append(compare(one, other))
        return compared[-1]

    compare = hmac.compare_digest
    monkeypatch.setattr(hmac, "compare_digest", watched)
    github = [webhooks.is_from_github(SECRET.encode(), HELLO, f"sha256={signature}")
              for signature in (PUBLISHED, f"{PUBLISHED[:-1]}8", "0" * 64, "")]
    stripe_s = [webhooks.is_from_stripe(SECRET.encode(), HELLO, f"t={NOW},v1={signature}", NOW)
                for signature in (RIGHT, f"{RIGHT[:-1]}x", "0" * 64, "")]
    assert github == stripe_s == [True, False, False, False]
    assert compared == [*github, *stripe_s]


def test_a_time_that_no_clock_shows_is_refused_though_it_is_signed(webhooks: ModuleType) -> None:
    for seconds in ("\u0661", "soon", "1e9", "+1", "", "9" * 5_000, "9" * 12):
        header = f"t={seconds},v1={signed(HELLO, seconds)}"
        assert not webhooks.is_from_stripe(SECRET.encode(), HELLO, header, NOW)


@pytest.mark.parametrize(("clock", "holds"), [
    (NOW, True), (NOW + 300, True), (NOW - 300, True), (NOW + 301, False), (NOW - 301, False),
    (NOW + 300.5, False), (0, False), (2**40, False),
])
def test_stripe_is_believed_for_five_minutes_either_way(
    webhooks: ModuleType, clock: float, holds: bool,
) -> None:
    assert webhooks.is_from_stripe(SECRET.encode(), HELLO, f"t={NOW},v1={RIGHT}", clock) is holds


@given(body=st.text(st.characters(codec="utf-8")), secret=st.text(st.characters(codec="utf-8"), min_size=1))
def test_what_the_package_of_stripe_signs_holds(app: App, body: str, secret: str) -> None:
    webhooks = importlib.import_module("app._lib.webhooks")
    header = stripe.WebhookSignature.generate_signature_header(body, secret, NOW)
    assert webhooks.is_from_stripe(secret.encode(), body.encode(), header, NOW)
    assert not webhooks.is_from_stripe(secret.encode(), body.encode() + b" ", header, NOW)


def test_the_package_of_stripe_believes_what_is_signed_here() -> None:
    body = b'{"id": "evt_1", "object": "event"}'
    now = int(time.time())
    event = stripe.Webhook.construct_event(body, f"t={now},v1={signed(body, now)}", SECRET)
    assert event["id"] == "evt_1"
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(body + b" ", f"t={now},v1={signed(body, now)}", SECRET)


HEADERS = st.text(st.characters(max_codepoint=255)) | st.lists(st.sampled_from(
    ["t", "v1", "v0", "=", ",", str(NOW), RIGHT, "sha256=", PUBLISHED, "\u00e9"])).map("".join)


@given(header=HEADERS, now=st.floats(0, 2**40))
def test_no_header_makes_the_check_fail(app: App, header: str, now: float) -> None:
    webhooks = importlib.import_module("app._lib.webhooks")
    holds = webhooks.is_from_stripe(SECRET.encode(), HELLO, header, now)
    assert not holds or (RIGHT in header and abs(now - NOW) <= 300)
    assert webhooks.is_from_github(SECRET.encode(), HELLO, header) == (header == f"sha256={PUBLISHED}")


# What both have in common


def post(app: App, sender: str, body: bytes, **headers: str | None) -> Answer:
    """A request as a host hands it on: with headers that a client library would refuse to send."""
    return exchange(app, environ_of("POST", f"/api/webhooks/{sender}", body, **headers), shaped=True)


ODD = ["", "\u00e9", "\u00ff" * 500, "sha256=", "sha256=\u00e9", "t=,v1=", "t=\u00b2,v1=\u00e9", ",", "=",
       "t" * 9_000]


@pytest.mark.parametrize("sender", ["github", "stripe"])
@pytest.mark.parametrize("signature", [None, *ODD])
def test_an_odd_signature_is_a_401_whatever_the_body_is(
    app: App, database: Any, sender: str, signature: str | None,
) -> None:
    for body in (b"", HELLO, b"\xff", b"[" * 5_000):
        answer = post(app, sender, body, HTTP_X_HUB_SIGNATURE_256=signature, HTTP_STRIPE_SIGNATURE=signature)
        assert (answer.status, answer.headers["www-authenticate"]) == (401, "Signature")
        assert json.loads(answer.body) == {"message": "The signature is wrong or missing"}


@pytest.mark.parametrize("sender", ["github", "stripe"])
@pytest.mark.parametrize("secret", [None, ""])
def test_without_a_secret_nobody_is_let_in(
    app: App, db: ModuleType, sender: str, secret: str | None, monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("SHOP_GITHUB_SECRET", "SHOP_STRIPE_SECRET"):
        monkeypatch.delenv(name)
        if secret is not None:
            monkeypatch.setenv(name, secret)
    body, now = b"{}", int(time.time())
    answer = post(
        app, sender, body, HTTP_X_GITHUB_EVENT="ping", HTTP_X_GITHUB_DELIVERY="1",
        HTTP_X_HUB_SIGNATURE_256="sha256=" + hmac.new(b"", body, "sha256").hexdigest(),
        HTTP_STRIPE_SIGNATURE=f"t={now},v1={signed(body, now, secret='')}",
    )
    assert (answer.status, json.loads(answer.body)["message"]) == (
        503, "This webhook is not set up: its secret is missing")


@pytest.mark.parametrize("sender", ["github", "stripe"])
def test_a_final_slash_is_no_redirect_for_who_follows_none(shop: TestApp, sender: str) -> None:
    for slash in ("", "/"):
        assert shop.post(f"/api/webhooks/{sender}{slash}", "", status=401).json
    assert shop.get(f"/api/webhooks/{sender}/", status=405).headers["Allow"] == "OPTIONS, POST"


@pytest.mark.parametrize("sender", ["github", "stripe"])
def test_csrf_is_left_out_and_what_must_stay_is_there(shop: TestApp, sender: str) -> None:
    for site in ("cross-site", "same-site", "same-origin"):
        headers = {"Sec-Fetch-Site": site, "Origin": "https://elsewhere.example"}
        response = shop.post(f"/api/webhooks/{sender}", "", headers, status=401)
        assert len(response.headers["X-Request-ID"]) == 32
        assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_a_delivery_is_known_by_its_sender_and_its_id(db: ModuleType, webhooks: ModuleType) -> None:
    with db.transaction() as connection:
        seen = [webhooks.is_new(connection, sender, id) for sender, id in [
            ("github", "1"), ("stripe", "1"), ("github", "1"), ("github", "2"), ("stripe", "1"),
        ]]
    assert seen == [True, True, False, True, False]


# GitHub


def github(shop: TestApp, event: str, payload: object, delivery: str = "1", **said: Any) -> TestResponse:
    body = payload if isinstance(payload, str) else json.dumps(payload)
    headers = {
        "X-GitHub-Event": event, "X-GitHub-Delivery": delivery,
        "X-Hub-Signature-256": "sha256=" + hmac.new(SECRET.encode(), body.encode(), "sha256").hexdigest(),
    }
    return shop.post("/api/webhooks/github", body, headers, content_type="application/json", **said)


PUSH = {"ref": "refs/heads/main", "after": "6113728f27ae82c7b1a177c8d03f9e96e0adf246", "commits": []}
OPENED = {"action": "opened", "issue": {"number": 7, "title": "A sock was missing", "user": {"login": "eve"}}}


def tasks(db: ModuleType) -> list[Any]:
    return [json.loads(row[0]) for row in db.connection().execute("SELECT task FROM tasks ORDER BY id")]


@pytest.mark.parametrize(("event", "payload", "task"), [
    ("push", PUSH, {"do": "deploy", "commit": PUSH["after"]}),
    ("push", {**PUSH, "after": "\ud800"}, {"do": "deploy", "commit": "\ud800"}),
    ("issues", OPENED, {"do": "answer", "issue": 7}),
])
def test_a_push_and_a_new_issue_become_tasks(
    shop: TestApp, db: ModuleType, event: str, payload: Any, task: dict[str, Any],
) -> None:
    assert github(shop, event, payload, status=202).json == {"message": "It will be done", "task": task}
    assert tasks(db) == [task]


@pytest.mark.parametrize(("event", "payload"), [
    ("ping", {"zen": "Keep it logically awesome."}),
    ("ping", HELLO.decode()),                                    # GitHub's example is no JSON
    ("push", {**PUSH, "ref": "refs/heads/draft"}),
    ("push", OPENED),
    ("push", {**PUSH, "after": 7}),
    ("issues", {**OPENED, "action": "closed"}),
    ("issues", {"action": "opened", "issue": None}),
    ("issues", []),
    ("star", {"action": "created"}),
    ("PING", None),
])
def test_what_is_nothing_to_the_shop_is_taken_and_does_nothing(
    shop: TestApp, db: ModuleType, event: str, payload: Any,
) -> None:
    assert github(shop, event, payload, status=204).body == b""
    assert tasks(db) == []


def test_a_delivery_that_comes_again_is_answered_alike_and_done_once(shop: TestApp, db: ModuleType) -> None:
    first, again = github(shop, "push", PUSH, "a"), github(shop, "push", PUSH, "a")
    assert (first.status_int, first.json) == (again.status_int, again.json)
    assert len(tasks(db)) == 1
    github(shop, "push", PUSH, "b", status=202)
    assert len(tasks(db)) == 2


def test_a_signed_request_that_lacks_a_header_or_is_no_json_is_the_clients_fault(
    shop: TestApp, db: ModuleType,
) -> None:
    body = json.dumps(PUSH)
    right = hmac.new(SECRET.encode(), body.encode(), "sha256").hexdigest()
    signature = {"X-Hub-Signature-256": f"sha256={right}"}
    shop.post("/api/webhooks/github", body, {**signature, "X-GitHub-Event": "push"}, status=400)
    shop.post("/api/webhooks/github", body, {**signature, "X-GitHub-Delivery": "1"}, status=400)
    github(shop, "push", HELLO.decode(), status=400)
    assert tasks(db) == []


def test_a_task_that_cannot_be_written_leaves_its_delivery_new(shop: TestApp, db: ModuleType) -> None:
    db.connection().execute("ALTER TABLE tasks RENAME TO gone")
    assert github(shop, "push", PUSH, status=500).json["message"].startswith("Something went wrong")
    db.connection().execute("ALTER TABLE gone RENAME TO tasks")
    github(shop, "push", PUSH, status=202)
    assert len(tasks(db)) == 1


def test_a_payload_as_large_as_github_sends_is_read(shop: TestApp, db: ModuleType) -> None:
    github(shop, "push", {**PUSH, "commits": ["x" * 2**21]}, status=202)
    assert len(tasks(db)) == 1


# Stripe


def paid(order: Any = "1", cents: Any = 11900, id: Any = "evt_1", **more: Any) -> dict[str, Any]:
    session = {"client_reference_id": order, "payment_status": "paid", "currency": "eur",
               "amount_total": cents}
    return {"id": id, "object": "event", "type": "checkout.session.completed",
            "data": {"object": {**session, **more}}}


def tell(shop: TestApp, event: Any, **said: Any) -> TestResponse:
    """The event, signed now by Stripe's own package."""
    body = json.dumps(event)
    headers = {"Stripe-Signature": stripe.WebhookSignature.generate_signature_header(body, SECRET)}
    return shop.post("/api/webhooks/stripe", body, headers, content_type="application/json",
                     **{"status": 204, **said})


@pytest.fixture
def ordered(shop: TestApp) -> TestApp:
    """The shop with order 1, of 119 euros."""
    shop.post_json("/api/basket", {"slug": "trail-fox", "quantity": 1})
    assert shop.post_json("/api/orders", {"name": "Carol"}).json["id"] == 1
    return shop


def status_of(db: ModuleType, order: int = 1) -> str:
    status: str = db.connection().execute("SELECT status FROM orders WHERE id = ?", (order,)).fetchone()[0]
    return status


def test_an_order_that_was_paid_is_marked(ordered: TestApp, db: ModuleType) -> None:
    assert status_of(db) == "placed"
    assert tell(ordered, paid()).body == b""
    assert status_of(db) == "paid"


def test_an_event_that_comes_again_changes_nothing_more(ordered: TestApp, db: ModuleType) -> None:
    tell(ordered, paid())
    db.connection().execute("UPDATE orders SET status = 'placed'")      # as if it were a new day
    tell(ordered, paid())
    assert status_of(db) == "placed"
    tell(ordered, paid(id="evt_2"))
    assert status_of(db) == "paid"


@pytest.mark.parametrize("event", [
    paid(payment_status="unpaid"), paid(currency="usd"), paid(order=None), paid(order="one"),
    paid(order="\u0661"), paid(order="9" * 400), paid(cents="11900"),
    paid(id=None), paid(id="\ud800"), {**paid(), "data": None},
    {**paid(), "type": "charge.refunded"}, [], None, "evt_1", {},
])
def test_what_is_no_paid_checkout_is_taken_and_changes_nothing(
    ordered: TestApp, db: ModuleType, event: Any,
) -> None:
    tell(ordered, event)
    assert status_of(db) == "placed"


@pytest.mark.parametrize("event", [paid(cents=1), paid(cents=2**70), paid(order="2"), paid(order="9" * 18)])
def test_what_pays_no_order_is_told_to_the_log(
    ordered: TestApp, db: ModuleType, event: Any, caplog: pytest.LogCaptureFixture,
) -> None:
    tell(ordered, event)
    assert status_of(db) == "placed"
    [record] = caplog.records
    assert record.getMessage().startswith("Stripe event evt_1 pays no order: ")


@pytest.mark.parametrize("status", ["paid", "sent", "cancelled"])
def test_an_order_that_is_paid_or_gone_is_not_paid_again(
    ordered: TestApp, db: ModuleType, status: str, caplog: pytest.LogCaptureFixture,
) -> None:
    db.connection().execute("UPDATE orders SET status = ?", (status,))
    tell(ordered, paid())
    assert status_of(db) == status
    assert len(caplog.records) == 1


def test_an_old_event_and_one_of_another_secret_are_refused(ordered: TestApp, db: ModuleType) -> None:
    body, now = json.dumps(paid()), int(time.time())
    for seconds, secret in [(now - 600, SECRET), (now + 600, SECRET), (now, "another")]:
        header = stripe.WebhookSignature.generate_signature_header(body, secret, seconds)
        ordered.post("/api/webhooks/stripe", body, {"Stripe-Signature": header},
                     content_type="application/json", status=401)
    assert status_of(db) == "placed"
