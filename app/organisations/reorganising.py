"""Verbs: propose, apply and undo a reorganisation. Each commits nothing; the caller does.

What is applied is judged anew on what is known at that moment, one plan at a time. What it writes is what the plan
makes different, and the history keeps how it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.access.organisations import read_organisations
from app.access.row_scope import every_organisation
from app.access.turns import last_turn, take_turn, take_turn_after
from app.rules.reorganisation import DAY, CannotBe, Change, Planned, What, named, planned, unmade
from app.rules.succession import Organisations, Part, Place, Takeover
from app.rules.words import in_words
from models import (
    CaseReview,
    Extract,
    Membership,
    Organisation,
    OrganisationKind,
    OrganisationName,
    Person,
    Reorganisation,
    Succession,
)
from models.enumerations import ReorganisationSource, ReorganisationState
from models.reorganisations import TURN_TO_REORGANISE

from .plans import as_kept, first_day_of, from_kept


class NotDone(Exception):
    """Something is not done; the words say why."""


def propose(
    session: Session,
    title: str,
    plan: Sequence[Change],
    *,
    source: ReorganisationSource,
    by: Person | None,
    at: datetime,
    files: Iterable[dict[str, Any]] = (),
    left_out: Iterable[tuple[int | str, str]] = (),
    closes_most: bool = False,
) -> Reorganisation:
    """Keeps a plan, so that people can see what it would do. Nothing else happens."""
    proposed = Reorganisation(
        id=uuid4(),
        title=title[:300],
        source=source,
        plan=as_kept(plan),
        files=list(files),
        left_out=[[line, reason] for line, reason in left_out],
        closes_most=closes_most,
        effective_on=first_day_of(plan),
        proposed_at=at,
        proposed_by_id=by.id if by else None,
    )
    session.add(proposed)
    return proposed


def apply(
    session: Session,
    proposed: Reorganisation,
    plan: Sequence[Change],
    *,
    by: Person,
    at: datetime,
    today: date,
) -> Planned:
    """Makes the changes of a plan: those that were proposed, or the ones that were chosen of them.

    Raises NotDone where it was applied before, and CannotBe where it contradicts what is known by now.
    """
    take_turn(session, TURN_TO_REORGANISE)
    claimed = session.execute(
        update(Reorganisation)
        .where(Reorganisation.id == proposed.id, Reorganisation.state == ReorganisationState.PROPOSED)
        .values(state=ReorganisationState.APPLIED, applied_at=at, applied_by_id=by.id),
        execution_options={"synchronize_session": False},
    )
    if claimed.rowcount != 1:  # type: ignore[attr-defined]
        raise NotDone("This has been applied already")
    session.refresh(proposed)
    if not plan:
        raise NotDone("Nothing was chosen")
    before = read_organisations(session, today)
    result = planned(plan, before)
    _write(session, before, result.known)
    for change in plan:
        if change.what is What.RENAMED and change.day:
            _rename(session, result.known, change, change.day)
        elif change.what is What.ADDED:
            place = _place(result.known, change)
            session.add(
                OrganisationName(
                    organisation_id=place.id, name=change.name, ons_code=change.ons_code or None, valid_from=change.day
                )
            )
    proposed.plan, proposed.effective_on = as_kept(plan), first_day_of(plan)
    session.flush()
    return result


def undo(session: Session, applied: Reorganisation, *, by: Person, at: datetime, today: date) -> None:
    """Takes back what a plan changed, as if it had not been; the history knows of both.

    Raises NotDone once an extract was drawn after it, where its organisations changed again since, and where something
    was recorded under an organisation that it added.
    """
    # Asked first: it is written down in a transaction of its own, which waits for whoever has the turn.
    last = last_turn(session, TURN_TO_REORGANISE)
    if _was_allocated_in(from_kept(applied.plan), read_organisations(session, today), today, by.id):
        raise NotDone("Cases have been allocated since. Those who got them may have worked on them, so this stays")
    if not take_turn_after(session, TURN_TO_REORGANISE, last):
        raise NotDone("Somebody has allocated cases, or changed organisations, at the same moment. Try again")
    session.refresh(applied)
    if applied.state is not ReorganisationState.APPLIED or applied.applied_at is None:
        raise NotDone("This is not applied, so there is nothing to undo")
    if drawn_since(session, applied.applied_at):
        raise NotDone("An extract has been drawn since. What it says goes by this, so it stays")
    plan = from_kept(applied.plan)
    before = read_organisations(session, today)
    try:
        after = unmade(plan, before)
    except CannotBe as problem:
        raise NotDone(str(problem)) from None
    for change in plan:
        if change.what is What.RENAMED and change.day:
            _rename_back(session, before, change, change.day)
    try:
        _write(session, before, after)
        applied.state, applied.undone_at, applied.undone_by_id = ReorganisationState.UNDONE, at, by.id
        session.flush()
    except IntegrityError:
        raise NotDone(
            "Something has been recorded under an organisation that this added, such as a case or a grant"
        ) from None


def _was_allocated_in(plan: Sequence[Change], known: Organisations, today: date, by: UUID) -> bool:
    """Whether a case has been allocated to a successor that a plan has made one. Counted, never read."""
    ids = {(place.kind, place.code): place.id for place in known.places.values()}
    made = [change for change in plan if change.what is What.TAKEN_OVER and change.other in ids and change.key in ids]
    successors = {ids[change.other] for change in made if change.other}
    split = {place for one in successors for place in known.split_from(one, today)}
    if not {ids[change.key] for change in made} & split:
        return False
    with every_organisation("undoing a reorganisation", by) as session:
        allocated = (
            select(func.count())
            .select_from(CaseReview)
            .where(CaseReview.ccg_id.in_(split), CaseReview.allocated_to_id.in_(successors))
        )
        return bool(session.scalar(allocated))


def drawn_since(session: Session, moment: datetime) -> bool:
    """Whether an extract has been drawn after a moment."""
    return session.scalar(select(Extract.id).where(Extract.drawn_at >= moment).limit(1)) is not None


def _place(known: Organisations, change: Change) -> Place:
    return next(one for one in known.places.values() if (one.kind, one.code) == change.key)


def _write(session: Session, before: Organisations, after: Organisations) -> None:
    """Makes the rows say what `after` says, where they say what `before` says."""
    new_kinds = [after.kinds[code] for code in after.kinds.keys() - before.kinds.keys()]
    for kind in sorted(new_kinds, key=lambda one: one.level):  # each after what it is part of
        session.add(
            OrganisationKind(
                code=kind.code,
                label=kind.label,
                plural=kind.plural,
                parent_kind=kind.parent,
                may_hold_cases=kind.may_hold_cases,
                position=kind.level,
            )
        )
        session.flush()
    _take_away(session, before, after)
    for place in after.places.values():
        known = before.places.get(place.id)
        if known is None:
            session.add(
                Organisation(
                    id=place.id,
                    kind=place.kind,
                    code=place.code,
                    opened_on=place.opened_on,
                    closed_on=place.closed_on,
                )
            )
        elif known.closed_on != place.closed_on:
            _one(session, Organisation, place.id).closed_on = place.closed_on
    session.flush()
    _write_parts(session, before, after)
    there = set(before.takeovers)
    for takeover in after.takeovers:
        if takeover not in there:
            session.add(
                Succession(
                    predecessor_id=takeover.predecessor,
                    successor_id=takeover.successor,
                    effective_on=takeover.effective_on,
                )
            )
    session.flush()


def _write_parts(session: Session, before: Organisations, after: Organisations) -> None:
    there = {_key(part): part for part in before.parts}
    # Ends first: an organisation has one membership without an end at a time.
    for part in sorted(after.parts, key=lambda one: one.valid_to is None):
        known = there.get(_key(part))
        if known is None:
            session.flush()
            session.add(
                Membership(
                    child_id=part.child, parent_id=part.parent, valid_from=part.valid_from, valid_to=part.valid_to
                )
            )
        elif known.valid_to != part.valid_to:
            _membership(session, part).valid_to = part.valid_to
            session.flush()


def _take_away(session: Session, before: Organisations, after: Organisations) -> None:
    """Rows that are no more go, after their last version has said who took them away."""
    gone: list[Any] = []
    for takeover in set(before.takeovers) - set(after.takeovers):
        gone.append(_succession(session, takeover))
    kept = {_key(part) for part in after.parts}
    gone += [_membership(session, part) for part in before.parts if _key(part) not in kept]
    lost = before.places.keys() - after.places.keys()
    gone += session.scalars(select(OrganisationName).where(OrganisationName.organisation_id.in_(lost))).all()
    _delete(session, gone)
    _delete(session, [_one(session, Organisation, id_) for id_ in lost])
    gone_kinds = select(OrganisationKind).where(OrganisationKind.code.in_(before.kinds.keys() - after.kinds.keys()))
    for kind in session.scalars(gone_kinds.order_by(OrganisationKind.position.desc())).all():
        _delete(session, [kind])


def _delete(session: Session, rows: Iterable[Any]) -> None:
    for row in rows:
        if hasattr(row, "change_id"):
            row.change_id = uuid4()
    session.flush()
    for row in rows:
        session.delete(row)
    session.flush()


def _rename(session: Session, known: Organisations, change: Change, day: date) -> None:
    place = _place(known, change)
    open_name = _open_name(session, place.id)
    if open_name.valid_from is not None and open_name.valid_from >= day:
        raise CannotBe(f"{named(place)} has had its name since {in_words(open_name.valid_from)}. Choose a later day")
    ons_code = open_name.ons_code
    open_name.valid_to = day - DAY
    session.flush()
    session.add(
        OrganisationName(
            organisation_id=place.id, name=change.name, ons_code=change.ons_code or ons_code, valid_from=day
        )
    )
    session.flush()


def _rename_back(session: Session, known: Organisations, change: Change, day: date) -> None:
    place = _place(known, change)
    open_name = _open_name(session, place.id)
    earlier = session.scalar(
        select(OrganisationName).where(
            OrganisationName.organisation_id == place.id, OrganisationName.valid_to == day - DAY
        )
    )
    if earlier is None or (open_name.name, open_name.valid_from) != (change.name, day):
        raise NotDone(f"{named(place)} has been given another name since")
    _delete(session, [open_name])
    earlier.valid_to = None
    session.flush()


def _open_name(session: Session, place_id: UUID) -> OrganisationName:
    return session.scalars(
        select(OrganisationName).where(
            OrganisationName.organisation_id == place_id, OrganisationName.valid_to.is_(None)
        )
    ).one()


def _one(session: Session, model: type[Organisation], id_: UUID) -> Organisation:
    found = session.get(model, id_)
    if found is None:
        raise LookupError("The organisation was there a moment ago.")
    return found


def _key(part: Part) -> tuple[UUID, UUID, date]:
    return (part.child, part.parent, part.valid_from)


def _membership(session: Session, part: Part) -> Membership:
    return session.scalars(
        select(Membership).where(
            Membership.child_id == part.child,
            Membership.parent_id == part.parent,
            Membership.valid_from == part.valid_from,
        )
    ).one()


def _succession(session: Session, takeover: Takeover) -> Succession:
    return session.scalars(
        select(Succession).where(
            Succession.predecessor_id == takeover.predecessor, Succession.successor_id == takeover.successor
        )
    ).one()
