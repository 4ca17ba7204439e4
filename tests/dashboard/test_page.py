"""The dashboard as an operator sees it: real Chromium, a real gateway, a message that is really sent."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import async_playwright, expect

from gateway.cli.operate import _order, login_link
from gateway.client import ContactPoint
from gateway.demo.stage import CAST, Services, Stage, build
from gateway.ids import format_id
from gateway.staging.running import serving
from tests.client.examples import content, path
from tests.support.ports import free_port

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from playwright.async_api import Browser, Page

CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--headless", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage"]
SENDER, READER = "NCB-QM", "NCB-QN"
SCHEMES = ("dark", "light")
expect.set_options(timeout=20_000)  # milliseconds: other tests run beside these
pytestmark = pytest.mark.asyncio(loop_scope="module")


@dataclass
class Site:
    """A gateway, somebody who writes, and a browser."""

    stage: Stage
    sender: ContactPoint
    browser: Browser
    complaints: list[str] = field(default_factory=list)

    async def link(self) -> str:
        """Ask for a link as an operator does."""
        return await asyncio.to_thread(login_link, self.stage.config)

    async def page(self, scheme: str = "dark") -> Page:
        """Open a window that remembers every complaint of the browser."""
        context = await self.browser.new_context(color_scheme=scheme, viewport={"width": 1600, "height": 1000})  # type: ignore[arg-type]
        page = await context.new_page()
        page.on("console", lambda said: self.complaints.append(said.text) if said.type in {"error", "warning"} else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        return page

    async def signed_in(self, scheme: str = "dark") -> Page:
        """Open a window and follow a new link."""
        page = await self.page(scheme)
        await page.goto(await self.link())
        await expect(page.locator("#line")).to_have_text("live")
        return page

    async def order(self, verb: str, target: str) -> None:
        """Give an order as an operator does."""
        await asyncio.to_thread(_order, verb, target, "to be seen", self.stage.config, None)

    async def send(self) -> str:
        """Send a message and return its id."""
        sent = await self.sender.send(content(), to=READER)
        return format_id(sent.message_id)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """One gateway and one browser for all."""
    folder: Path = tmp_path_factory.mktemp("page")
    cast = [member for member in CAST if member.participant in {SENDER, READER}]
    stage = build(folder, Services(port=free_port(), operations_port=free_port(), log_level="error"), cast, now=time.time())
    async with serving(stage), async_playwright() as playwright:
        async with ContactPoint.open(stage.home(READER), passphrase=stage.passphrase) as reader:
            await reader.publish_card()
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        async with ContactPoint.open(stage.home(SENDER), passphrase=stage.passphrase) as sender:
            yield Site(stage, sender, browser)
        await browser.close()


async def faults(page: Page) -> list[Any]:
    """Return what axe-core finds against a view."""
    found = await Axe().run(page)
    return [(one["id"], [node["html"][:200] for node in one["nodes"][:3]]) for one in found.response["violations"]]


async def test_an_operator_signs_in_and_sees_a_message_arrive(site: Site) -> None:
    """By the link, once; the look is live, the drill-down shows ids, states and times, and the browser finds no fault."""
    page = await site.page()
    link = await site.link()
    await page.goto(link)
    await expect(page.locator("#line")).to_have_text("live")
    assert page.url.endswith("/dashboard/")
    await expect(page.locator("#where")).to_contain_text("GW-ICN@icn")
    message_id = await site.send()
    box = page.locator("#picture a", has_text=f"{READER}@icn")
    await expect(box).to_contain_text("for it to connect")
    await box.click()
    await expect(page.locator("#look-title")).to_have_text(f"Mailbox {READER}@icn")
    await page.locator(f'#look a[href="#message/{message_id}"]').first.click()
    await expect(page.locator("#look-body code", has_text=message_id)).to_be_visible()
    await expect(page.locator("#look-body")).to_contain_text("accepted")
    facts = json.loads(path().read_bytes())["body"]["facts"]
    assert facts[:30] not in await page.content()
    await page.go_back()
    await expect(page.locator("#look-title")).to_have_text(f"Mailbox {READER}@icn")
    again = await site.page()
    await again.goto(link)
    await expect(again.locator("#state")).to_contain_text("used up")
    assert [one for one in site.complaints if "401" not in one] == []
    site.complaints.clear()
    await page.context.close()
    await again.context.close()


async def test_the_keyboard_is_enough(site: Site) -> None:
    """Find, look, close and sign out without a mouse; focus goes where the eye goes, and comes back."""
    page = await site.signed_in()
    await site.send()
    await page.keyboard.press("Control+k")
    await page.keyboard.type(READER.lower())
    await page.keyboard.press("Enter")
    await expect(page.locator("#look-title")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.locator("#look")).to_be_hidden()
    await expect(page.locator("#find-what")).to_be_focused()
    await page.keyboard.press("Tab")
    await expect(page.locator("#sign-out")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator("#state")).to_have_text("You are not signed in.")
    assert (await page.request.get(page.url.replace("/login", "/events"))).status == 401
    assert site.complaints == []
    await page.context.close()


@pytest.mark.parametrize("scheme", SCHEMES)
async def test_every_view_is_for_everybody(site: Site, scheme: str) -> None:
    """axe-core finds nothing against the page, a mailbox, a message and the sign-in page, dark and light."""
    message_id = await site.send()
    page = await site.signed_in(scheme)
    await expect(page.locator("#picture a").first).to_be_visible()
    await page.locator("summary").click()
    assert await faults(page) == []
    for kind, name in (("mailbox", f"{READER}@icn"), ("message", message_id)):
        await page.goto(f"{page.url.partition('#')[0]}#{kind}/{name}")
        await expect(page.locator("#look-body table").first).to_be_visible()
        assert await faults(page) == []
    await page.goto(page.url.partition("#")[0] + "login")
    await expect(page.locator("h1")).to_be_visible()
    assert await faults(page) == []
    assert site.complaints == []
    await page.context.close()


async def test_orders_that_stand_are_there_until_they_end(site: Site) -> None:
    """A suspended participant and a drained process are alarms with the order that ends them; the head says drained."""
    page, who = await site.signed_in(), f"{READER}@icn"
    await site.order("suspend", who)
    await site.order("drain", "on")
    await expect(page.locator("#ready")).to_have_text("drained")
    await expect(page.locator("#alarm-list")).to_contain_text(f"gateway operate resume {who} --reason")
    await expect(page.locator("#alarm-list")).to_contain_text("gateway operate drain --off --reason")
    await page.locator(".orders a", has_text=who).click()
    await expect(page.locator("#look-body")).to_contain_text("suspended at this gateway")
    assert await faults(page) == []
    await page.keyboard.press("Escape")
    await site.order("resume", who)
    await site.order("drain", "off")
    await expect(page.locator("#ready")).to_have_text("ready")
    await expect(page.locator(".orders")).to_contain_text("No participant is suspended here.")
    assert site.complaints == []
    await page.context.close()


async def test_alarms_of_one_code_stand_side_by_side(site: Site) -> None:
    """Two networks whose relays are late are two alarms, also after the next look."""
    page = await site.signed_in()
    shown = await page.evaluate(
        """async () => {
          const { patch } = await import("/dashboard/dom.mjs");
          const { alarms } = await import("/dashboard/figures.mjs");
          const one = { code: "relay-waits", severity: "warning", advice: "", commands: [] };
          const seen = { alarms: [{ ...one, text: "to a" }, { ...one, text: "to b" }] };
          const place = document.createElement("div");
          for (let look = 0; look < 2; look += 1) patch(place, alarms(seen));
          return [...place.querySelectorAll("strong")].map((node) => node.textContent);
        }"""
    )
    assert shown == ["to a", "to b"]
    await page.context.close()


async def test_text_from_the_wire_cannot_act(site: Site) -> None:
    """What would reorder, hide or break out is shown as what it is, and no text becomes an element."""
    page = await site.signed_in()
    shown = await page.evaluate(
        """async () => {
          const { h, patch } = await import("/dashboard/dom.mjs");
          const place = document.createElement("div");
          patch(place, h("p", null, "a\\u202eb\\u0000<img src=x onerror=alert(1)>"));
          return [place.textContent, place.querySelectorAll("img").length];
        }"""
    )
    assert shown == ["a<U+202E>b<U+0000><img src=x onerror=alert(1)>", 0]
    assert site.complaints == []
    await page.context.close()
