"""Who sits at the browser."""

from __future__ import annotations

from playwright.sync_api import Page, expect

NOBODY = ""


def given_signed_in(page: Page, account: str) -> None:
    """Chooses a demo account, as a person does."""
    page.goto("/sign-in/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    page.locator(f'form:has(input[value="{account}"]) button').click()
    first = "You do not have access yet" if account == "no-access" else "Home"
    expect(page.get_by_role("heading", level=1)).to_have_text(first)
