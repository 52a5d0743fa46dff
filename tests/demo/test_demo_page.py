"""The shop's page in a real browser, on a phone and on a desk: what a visitor does, sees and hears."""

import base64
from collections.abc import Iterable, Iterator
from pathlib import Path
from socketserver import ThreadingMixIn
from threading import Thread
from typing import Any
from wsgiref.simple_server import WSGIServer, make_server
from wsgiref.util import shift_path_info

import pytest
from playwright.sync_api import Browser, ConsoleMessage, FilePayload, Page, expect

from fsroute import App

from .conftest import STAFF, ask, serving

pytestmark = pytest.mark.browser

SIZES = {"phone": (360, 740), "desk": (1280, 900)}


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """The shop on the development server, with the rows of its first day."""
    with serving("dev", tmp_path) as url:
        yield url


@pytest.fixture(params=SIZES)
def page(request: pytest.FixtureRequest, browser: Browser, url: str) -> Iterator[Page]:
    """The page, loaded. At the end: nothing went wrong unseen, and nothing was fetched from elsewhere."""
    width, height = SIZES[request.param]
    context = browser.new_context(viewport={"width": width, "height": height})
    page = context.new_page()
    complaints: list[str] = []
    fetched: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        # The browser itself notes every 4xx there; those are what the tests ask for.
        if message.type in ("error", "warning") and not message.text.startswith("Failed to load resource"):
            complaints.append(message.text)

    page.on("console", listen)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda sent: fetched.append(sent.url))
    page.goto(url)
    expect(page.locator("#shelf > li")).to_have_count(10)
    yield page
    context.close()
    assert complaints == []
    assert [address for address in fetched if not address.startswith((url, "data:"))] == []


def names(page: Page) -> list[str]:
    """The users the page shows, top down."""
    return [text.split("#")[0] for text in page.locator("#people b").all_inner_texts()]


def add(page: Page, name: str, email: str) -> None:
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Email", exact=True).fill(email)
    page.get_by_role("button", name="Add user").click()


def load(page: Page) -> None:
    page.get_by_role("button", name="Load users").click()
    expect(page.locator("#users-status")).to_have_text("3 users")


def fits(page: Page) -> bool:
    """Whether nothing sticks out sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


def test_load_users_lists_the_users_of_the_api(page: Page) -> None:
    assert names(page) == []
    load(page)
    assert names(page) == ["Alice", "Bob", "Arthur"]
    assert fits(page)


def test_an_added_user_is_listed(page: Page, url: str) -> None:
    add(page, "Carol", "carol@example.com")
    expect(page.locator("#add-status")).to_have_text("User created: Carol, id 43")
    expect(page.locator("#users-status")).to_have_text("4 users")
    assert names(page) == ["Alice", "Bob", "Arthur", "Carol"]
    assert page.get_by_label("Name", exact=True).input_value() == ""
    assert ask(url, "GET", "/api/users/43")[0] == 200


def test_the_faults_of_the_api_stand_beside_their_fields_until_they_are_mended(page: Page) -> None:
    name, email = page.get_by_label("Name", exact=True), page.get_by_label("Email", exact=True)
    add(page, " ", "nobody")
    expect(page.locator("#name-fault")).to_have_text("Name must not be blank")
    expect(page.locator("#email-fault")).to_contain_text("Email must be an email address")
    expect(name).to_have_attribute("aria-invalid", "true")
    expect(name).to_be_focused()
    assert fits(page)

    add(page, "Alice", "alice@example.com")
    expect(page.locator("#email-fault")).to_have_text("Email is already in use")
    expect(page.locator("#name-fault")).to_have_text("")
    expect(name).not_to_have_attribute("aria-invalid", "true")
    expect(email).to_be_focused()

    add(page, "Alice", "another.alice@example.com")
    expect(page.locator("#add-status")).to_have_text("User created: Alice, id 43")
    expect(email).not_to_have_attribute("aria-invalid", "true")


def test_markup_in_a_name_is_shown_as_text(page: Page) -> None:
    evil = "<img src=x onerror=alert(1)>"
    add(page, evil, "evil@example.com")
    expect(page.locator("#people b", has_text=evil)).to_be_visible()
    assert page.locator("#people img").count() == 0


def test_the_longest_name_and_address_do_not_widen_the_page(page: Page) -> None:
    add(page, "W" * 80, "w" * 64 + "@" + "w" * 60 + ".example.com")
    expect(page.locator("#users-status")).to_have_text("4 users")
    assert fits(page)


def test_a_user_is_renamed_and_a_bad_name_is_refused(page: Page) -> None:
    load(page)
    page.get_by_role("button", name="Rename Bob").click()
    box = page.get_by_label("New name of Bob")
    expect(box).to_be_focused()
    box.fill("")
    box.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("must not be blank")
    assert fits(page)
    box.fill("Robert")
    box.press("Enter")
    expect(page.get_by_role("button", name="Rename Robert")).to_be_focused()
    assert names(page) == ["Alice", "Robert", "Arthur"]


def test_escape_leaves_a_name_as_it_was(page: Page) -> None:
    load(page)
    page.get_by_role("button", name="Rename Bob").click()
    page.get_by_label("New name of Bob").fill("Robert")
    page.keyboard.press("Escape")
    assert names(page) == ["Alice", "Bob", "Arthur"]


def test_a_deleted_user_is_gone_and_one_that_is_gone_already_is_told(page: Page, url: str) -> None:
    load(page)
    page.get_by_role("button", name="Delete Bob").click()
    expect(page.locator("#users-status")).to_have_text("2 users")
    assert names(page) == ["Alice", "Arthur"]

    assert ask(url, "DELETE", "/api/users/42")[0] == 204
    page.get_by_role("button", name="Delete Arthur").click()
    expect(page.locator("#users-status")).to_have_text("User not found")


def test_products_are_filtered_by_category_and_limit(page: Page) -> None:
    page.get_by_label("Category").select_option(label="Shoes")
    expect(page.locator("#last")).to_contain_text("/api/products?category=shoes&limit=10")
    expect(page.locator("#products-status")).to_contain_text("10 products")
    kinds = {kind.split()[-1] for kind in page.locator("#shelf .kind").all_inner_texts()}
    assert kinds == {"shoes", "boots"}

    page.get_by_label("Limit").select_option("50")
    expect(page.locator("#shelf > li")).to_have_count(12)
    expect(page.locator("#products-status")).to_have_text("12 products")
    page.get_by_label("Category").select_option(value="bags/totes")
    expect(page.locator("#shelf > li")).to_have_count(2)
    assert fits(page)


def test_shipping_shows_what_the_carriers_ask(page: Page) -> None:
    page.get_by_role("button", name="Shipping of Attic Owl").click()
    quotes = page.locator("#shelf .quotes li")
    expect(quotes).to_have_count(3)
    expect(quotes.first).to_contain_text("Snail Post")
    assert fits(page)


def test_every_product_has_a_picture_that_loads_and_is_named(page: Page) -> None:
    page.get_by_label("Limit").select_option("50")
    expect(page.locator("#shelf > li")).to_have_count(21)
    pictures = page.locator("#shelf img")
    expect(pictures).to_have_count(21)
    for picture in pictures.all():
        expect(picture).to_have_js_property("naturalWidth", 320)
    assert len({picture.get_attribute("alt") or "" for picture in pictures.all()} - {""}) == 21


def put_in(page: Page, product: str) -> None:
    page.get_by_role("button", name=f"Add to basket: {product}").click()
    expect(page.locator("#products-status")).to_have_text(f"{product} is in the basket")


def basket(page: Page) -> dict[str, str]:
    """What the page shows in the basket: how many of each."""
    rows = page.locator("#lines > li:not(.empty)").all()
    return {row.locator("b").inner_text(): row.locator("input").input_value() for row in rows}


def test_a_basket_is_filled_changed_emptied_and_survives_a_reload(page: Page) -> None:
    put_in(page, "Attic Owl")
    put_in(page, "Cellar Mouse")
    page.get_by_role("button", name="Add to basket: Attic Owl").click()
    expect(page.locator("#basket-link")).to_have_text("basket: 3")
    assert basket(page) == {"Attic Owl": "2", "Cellar Mouse": "1"}
    expect(page.locator("#basket-sum")).to_have_text("€237.00")
    assert fits(page)

    page.reload()
    expect(page.locator("#basket-link")).to_have_text("basket: 3")
    assert basket(page) == {"Attic Owl": "2", "Cellar Mouse": "1"}

    many = page.get_by_label("How many of Attic Owl")
    many.fill("12")
    many.press("Enter")
    expect(page.locator("#basket-status")).to_have_text("13 things")
    expect(page.get_by_label("How many of Attic Owl")).to_be_focused()
    page.get_by_role("button", name="Remove Attic Owl").click()
    expect(page.locator("#basket-status")).to_have_text("1 thing")
    page.get_by_role("button", name="Remove Cellar Mouse").click()
    expect(page.locator("#lines")).to_have_text("Nothing in it yet.")
    expect(page.locator("#basket-link")).to_have_text("basket: 0")


@pytest.mark.parametrize("many", ["0", "1000000000", ""])
def test_too_many_or_too_few_are_told_and_the_basket_stays(page: Page, many: str) -> None:
    put_in(page, "Attic Owl")
    box = page.get_by_label("How many of Attic Owl")
    box.fill(many)
    box.press("Enter")
    expect(page.locator("#basket-status")).to_contain_text("quantity must be from 1 to 99")
    assert basket(page) == {"Attic Owl": "1"}
    assert fits(page)


def test_scripts_cannot_read_the_basket_cookie(page: Page) -> None:
    put_in(page, "Attic Owl")
    assert page.evaluate("document.cookie") == ""
    [cookie] = page.context.cookies()
    assert (cookie["name"], cookie["httpOnly"], cookie["sameSite"]) == ("basket", True, "Lax")


def test_an_order_placed_on_one_page_appears_on_a_second_one_as_text(page: Page, url: str) -> None:
    second = page.context.new_page()
    second.goto(url)
    expect(second.locator("#live")).to_have_text("live")
    expect(page.locator("#live")).to_have_text("live")
    evil = "<img src=x onerror=alert(1)>"
    put_in(page, "Attic Owl")
    page.get_by_label("First name").fill(evil)
    page.get_by_role("button", name="Place order").click()
    expect(page.locator("#order-status")).to_have_text("Order placed: number 1, €89.00")
    expect(page.locator("#basket-link")).to_have_text("basket: 0")
    for each in (second, page):
        row = each.locator("#orders > li").first
        expect(row.locator("b")).to_contain_text(evil)
        expect(row).to_contain_text("1 × Attic Owl")
        assert each.locator("#orders img").count() == 0
        assert fits(each)
    second.close()


def test_who_comes_later_is_shown_the_last_orders_once(page: Page) -> None:
    for name in ("First", "Second"):
        put_in(page, "Attic Owl")
        page.get_by_label("First name").fill(name)
        page.get_by_role("button", name="Place order").click()
        expect(page.locator("#orders > li").first).to_contain_text(name)
    page.reload()
    expect(page.locator("#orders b")).to_contain_text(["Second", "First"])
    expect(page.locator("#orders > li")).to_have_count(2)


def test_the_faults_of_an_order_stand_beside_it(page: Page) -> None:
    page.get_by_role("button", name="Place order").click()
    expect(page.locator("#customer-fault")).to_have_text("First name must not be blank")
    expect(page.get_by_label("First name")).to_be_focused()
    page.get_by_label("First name").fill("Carol")
    page.get_by_role("button", name="Place order").click()
    expect(page.locator("#order-status")).to_have_text("The basket is empty")
    expect(page.locator("#customer-fault")).to_have_text("")


def test_a_feed_that_breaks_is_taken_up_again_and_a_refused_one_is_tried_again(page: Page) -> None:
    expect(page.locator("#live")).to_have_text("live")
    page.clock.install()
    page.route("**/api/orders/feed", lambda route: route.fulfill(status=503, body=""))
    page.reload()
    expect(page.locator("#live")).to_have_text("busy, trying again …")
    page.unroute("**/api/orders/feed")
    page.clock.run_for(5_000)
    expect(page.locator("#live")).to_have_text("live")


PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def write(page: Page, name: str, email: str, message: str) -> None:
    page.get_by_label("Your name").fill(name)
    page.get_by_label("Your email").fill(email)
    page.get_by_label("Message", exact=True).fill(message)


def choose(page: Page, content: bytes) -> None:
    """Choose a file that calls itself a picture."""
    file: FilePayload = {"name": "me.png", "mimeType": "image/png", "buffer": content}
    page.get_by_label("Picture", exact=True).set_input_files(file)


def test_a_message_is_sent_and_shown_back_with_its_picture(page: Page) -> None:
    write(page, "Dave <b>", "dave@example.com", "Hello\n<i>there</i>")
    choose(page, PIXEL)
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#contact-status")).to_have_text("Thank you, Dave <b>")
    picture = page.get_by_alt_text("The picture you sent")
    expect(picture).to_be_visible()
    expect(picture).to_have_js_property("naturalWidth", 1)
    expect(page.locator("#sent .said")).to_have_text("Hello\n<i>there</i>", use_inner_text=True)
    assert page.get_by_label("Message", exact=True).input_value() == ""
    newest = page.locator("#entries pre").first
    assert "--form-string 'name=Dave <b>'" in (newest.text_content() or "")
    assert "-F 'avatar=@me.png'" in (newest.text_content() or "")
    assert fits(page)


def test_the_faults_of_a_message_stand_beside_its_fields_and_nothing_is_lost(page: Page) -> None:
    write(page, "Dave", "dave", "Hello")
    choose(page, b"<svg/>")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#address-fault")).to_contain_text("Your email must be an email address")
    expect(page.locator("#avatar-fault")).to_have_text("Picture must be a PNG, JPEG, GIF or WebP picture")
    expect(page.get_by_label("Your email")).to_be_focused()
    expect(page.get_by_label("Picture", exact=True)).to_have_attribute("aria-invalid", "true")
    assert page.get_by_label("Message", exact=True).input_value() == "Hello"
    assert fits(page)
    page.get_by_label("Your email").fill("dave@example.com")
    page.get_by_label("Picture", exact=True).set_input_files([])
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#contact-status")).to_have_text("Thank you, Dave")
    expect(page.locator("#avatar-fault")).to_have_text("")
    assert page.locator("#sent img").count() == 0


def test_a_message_can_be_sent_without_script(browser: Browser, url: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(url)
    expect(page.locator("#thanks")).to_be_hidden()
    write(page, "Dave", "dave@example.com", "Hello")
    choose(page, PIXEL)
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#thanks")).to_be_visible()
    assert page.url == f"{url}/#thanks"
    context.close()


def test_markup_that_gets_into_the_page_runs_nothing(browser: Browser, url: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(url)
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text))
    page.evaluate("""() => {
        const markup = "<img src=x onerror='window.ran = 1'><p style='color: red'>";
        document.getElementById("sent").innerHTML = markup;
        const script = document.createElement("script");
        script.textContent = "window.ran = 2";
        document.body.append(script);
    }""")
    expect(page.locator("#sent img")).to_have_js_property("complete", True)
    assert page.evaluate("window.ran") is None
    assert len([text for text in refused if "Content Security Policy" in text]) >= 3
    context.close()


def test_the_staff_opens_the_orders_with_a_password_that_the_browser_sends(
    browser: Browser, url: str,
) -> None:
    context = browser.new_context(http_credentials={"username": "clerk", "password": STAFF["clerk"]})
    answer = context.new_page().goto(f"{url}/api/admin/orders")
    assert answer is not None
    assert (answer.status, answer.json()) == (200, [])
    context.close()


def test_a_page_of_another_site_reads_the_catalogue_and_changes_nothing(
    browser: Browser, url: str,
) -> None:
    """The same server by another name is another site; the shop's policy is not that of its pages."""
    context = browser.new_context(bypass_csp=True)
    page = context.new_page()
    page.goto(url.replace("127.0.0.1", "localhost"))
    read = "(url) => fetch(url).then((answer) => answer.status, () => 'refused')"
    assert page.evaluate(read, f"{url}/api/products") == 200
    assert page.evaluate(read, f"{url}/api/users") == "refused"
    with page.expect_navigation(url=f"{url}/api/contact") as navigation:
        page.evaluate("""(url) => {
            const form = document.getElementById("contact");
            form.action = `${url}/api/contact`;
            form.submit();
        }""", url)
    assert navigation.value.status == 403
    context.close()


def test_the_log_tells_request_status_and_answer(page: Page) -> None:
    page.get_by_role("button", name="GET /api/users/999").click()
    newest = page.locator("#entries > li").first
    expect(newest).to_contain_text("/api/users/999")
    expect(newest.locator(".code")).to_have_text("404")
    expect(newest.locator("pre").last).to_contain_text("User not found")
    page.get_by_role("button", name="DELETE /api/hello").click()
    expect(newest.locator(".code")).to_have_text("405")
    assert fits(page)


def test_every_request_that_the_tree_offers_is_answered_by_the_api(page: Page) -> None:
    answers: dict[str, str] = {}
    for button in page.locator("#routes button").all():
        seen = page.locator("#entries > li").count()
        request = button.inner_text()
        button.click()
        expect(page.locator("#entries > li")).to_have_count(seen + 1)
        answers[request] = page.locator("#entries > li").first.locator(".code").inner_text()
    assert answers == {
        "GET /health": "200",
        "GET /api/hello": "200",
        "DELETE /api/hello": "405",
        "GET /api/users": "200",
        "POST /api/users": "400",
        "GET /api/users/42": "200",
        "GET /api/users/999": "404",
        "GET /api/products?category=shoes&limit=10": "200",
        "GET /api/products?limit=lots": "400",
        "GET /api/products/trail-fox": "200",
        "GET /api/products/trail-fox/shipping": "200",
        "GET /api/categories": "200",
        "GET /api/categories/shoes/running": "200",
        "GET /api/basket": "200",
        "POST /api/basket": "400",
        "POST /api/orders": "400",
        "HEAD /api/orders/feed": "200",
        "GET /api/orders/export": "200",
        "POST /api/contact": "415",
        "GET /api/contact/avatars/nobody.png": "404",
        "POST /api/webhooks/github": "503",
    }


def test_users_can_be_loaded_and_added_with_the_keyboard_alone(page: Page) -> None:
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the shop")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Load users")).to_be_focused()
    page.keyboard.press("Space")
    expect(page.locator("#users-status")).to_have_text("3 users")
    page.get_by_label("Name", exact=True).focus()
    page.keyboard.type("Carol")
    page.keyboard.press("Tab")
    page.keyboard.type("carol@example.com")
    page.keyboard.press("Enter")
    expect(page.locator("#users-status")).to_have_text("4 users")


def test_a_server_that_does_not_answer_is_told(page: Page) -> None:
    page.route("**/api/users", lambda route: route.abort())
    page.get_by_role("button", name="Load users").click()
    expect(page.locator("#users-status")).to_have_text("The server did not answer.")
    expect(page.locator("#last .code")).to_have_text("failed")


class Threaded(ThreadingMixIn, WSGIServer):
    """A browser opens connections in advance: one thread for all would wait for those.

    When it is closed it waits for its threads: a feed must not outlive the test's database.
    """

    daemon_threads = False


def test_the_page_works_below_a_prefix(browser: Browser, app: App, database: Path) -> None:
    def mounted(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if shift_path_info(environ) != "shop":
            raise LookupError(environ["SCRIPT_NAME"])
        return app(environ, start_response)

    with make_server("127.0.0.1", 0, mounted, server_class=Threaded) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        context = browser.new_context()
        try:
            page = context.new_page()
            page.goto(f"http://127.0.0.1:{server.server_port}/shop")
            expect(page.locator("#shelf > li")).to_have_count(10)
            load(page)
            add(page, "Carol", "carol@example.com")
            expect(page.locator("#users-status")).to_have_text("4 users")
            put_in(page, "Attic Owl")
            page.reload()
            expect(page.locator("#basket-link")).to_have_text("basket: 1")
            expect(page.locator("#live")).to_have_text("live")
            expect(page.locator("#lines img")).to_have_js_property("naturalWidth", 320)
            expect(page.locator("#export")).to_have_attribute("href", "/shop/api/orders/export")
        finally:
            context.close()
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_is_readable_in_light_and_dark(browser: Browser, url: str, scheme: str) -> None:
    context = browser.new_context(color_scheme=scheme)      # type: ignore[arg-type]
    page = context.new_page()
    page.goto(url)
    expect(page.locator("#shelf > li")).to_have_count(10)
    ratios: dict[str, float] = page.evaluate(CONTRASTS)
    context.close()
    assert len(ratios) >= 8
    assert {pair: ratio for pair, ratio in ratios.items() if ratio < 4.5} == {}


# The contrast of WCAG 2.2 (1.4.3) for each ink on each ground it is used on.
CONTRASTS = """() => {
  const style = getComputedStyle(document.documentElement);
  const luminance = (name) => {
    const [r, g, b] = style.getPropertyValue(name).trim().slice(1).match(/../g)
      .map((hex) => parseInt(hex, 16) / 255)
      .map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const pairs = "ink/paper ink/card ink/sunken soft/paper soft/card soft/sunken accent/paper accent/card "
    + "on-accent/accent bad/card bad/sunken good/good-wash warn/warn-wash bad/bad-wash";
  return Object.fromEntries(pairs.split(" ").map((pair) => {
    const [light, dark] = pair.split("/").map((name) => luminance(`--${name}`)).sort((a, b) => b - a);
    return [pair, (light + 0.05) / (dark + 0.05)];
  }));
}"""
