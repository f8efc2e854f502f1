"""Turns: work that must not cross work of its kind waits until the other's transaction has ended, on both databases."""

from __future__ import annotations

from uuid import uuid4

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from models import Setting


def take_turn(session: Session, name: str) -> None:
    """Waits until nobody else has the turn; this transaction has it until it ends."""
    take_turn_after(session, name, None)


def last_turn(session: Session, name: str) -> str:
    """A word that is another after each turn."""
    return session.scalar(select(Setting.value).where(Setting.name == name)) or ""


def take_turn_after(session: Session, name: str, last: str | None) -> bool:
    """As `take_turn`. False, and no turn is taken, where somebody has had it since `last_turn` gave that word."""
    turn = update(Setting).where(Setting.name == name)
    if last is not None:
        turn = turn.where(Setting.value == last)
    taken = session.execute(turn.values(value=uuid4().hex), execution_options={"synchronize_session": False})
    return bool(taken.rowcount)  # type: ignore[attr-defined]
