"""What a person does on any page, done so that a slow machine changes nothing."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect


def settled(page: Page) -> None:
    """Waits until no script runs."""
    page.locator("[data-test-script-state=notRunning]").wait_for()


def follow(page: Page, name: str) -> None:
    """Goes to another page by its link. What stood on the page before is gone then: Streamlit clears it as it marks
    the link."""
    link = page.get_by_role("link", name=name, exact=True)
    link.click()
    expect(link).to_have_attribute("aria-current", "page")


def at_rest(target: Locator) -> dict[str, float]:
    """Brings the pointer to the middle of an element that has come to rest; the element's box."""
    target.hover()
    box = target.bounding_box()
    assert box is not None
    return dict(box)
