"""Prepare for sharing: the numbers of an area, with small ones protected, for people who see no case."""

from __future__ import annotations

from dataclasses import dataclass

from flask import abort, flash, request
from flask.typing import ResponseReturnValue
from flask_admin import BaseView, expose

from app.access import clock
from app.access.current import current_access, lookups, may
from app.access.permissions import Permission
from app.nhsuk.charts.chart import Chart
from app.themes.presets import Area, Span, areas_for, spans_at
from app.themes.sharing import prepare
from models import db

from . import sharing_charts, theme_files

ADDRESS = "themes/sharing"
Option = tuple[str, str, bool]


@dataclass(frozen=True)
class Asked:
    """An area and a span, all that can be chosen, and what was asked for and is not among it."""

    area: Area
    span: Span
    areas: list[Area]
    spans: list[Span]
    left_out: list[str]

    @property
    def args(self) -> dict[str, str]:
        return {"area": self.area.name, "period": self.span.name}


class SharingView(BaseView):
    """For whoever reads all cases of an area. It stands under Themes."""

    def __init__(self) -> None:
        super().__init__(name="Prepare for sharing", endpoint="sharing", url=f"/{ADDRESS}")

    def is_accessible(self) -> bool:
        return may(Permission.THEMES_READ) and bool(areas_for(current_access().whole_ccgs, lookups()))

    def is_visible(self) -> bool:
        return False

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """Every table of an area and a span."""
        asked = _asked_for()
        if asked.left_out:
            flash(f"Left out, because it was not understood: {', '.join(asked.left_out)}", "error")
        page: str = self.render(
            "themes/sharing.html",
            title="Prepare for sharing",
            heading=f"{asked.area.place.name}, {asked.span.in_words}",
            page_title=f"{asked.area.place.name}, {asked.span.name}: prepared for sharing",
            areas=[(one.name, one.place.name, one == asked.area) for one in asked.areas],
            quarters=_options(asked, is_year=False),
            years=_options(asked, is_year=True),
            charts=_charts(asked),
            drawn_on=clock.today(),
            csv_url=lambda chart: self.get_url(".csv_view", **asked.args, table=chart.key),
            back_url=self.get_url("themes.index"),
            back_text="Themes",
        )
        return page

    @expose("/csv/")
    def csv_view(self) -> ResponseReturnValue:
        """The numbers of one chart as a CSV file, protected as on the page."""
        asked = _asked_for()
        if asked.left_out:
            abort(400)
        chart = next((one for one in _charts(asked) if one.key == request.args.get("table")), None)
        if chart is None:
            abort(404)
        where = f"{asked.area.place.code}-{asked.span.name}"
        return theme_files.download(
            chart,
            about=ADDRESS,
            details=f"Prepared for sharing: {chart.title}, {where}",
            filename=f"sharing-{where}-{chart.key}-protected-on-{clock.today().isoformat()}.csv",
        )


def _asked_for() -> Asked:
    areas, spans = areas_for(current_access().whole_ccgs, lookups()), spans_at(lookups().today)
    left_out = []
    area, span = (request.args.get(name, "").strip() for name in ("area", "period"))
    found_area = next((one for one in areas if one.name == area), None)
    found_span = next((one for one in spans if one.name == span), None)
    if area and found_area is None:
        left_out.append("area")
    if span and found_span is None:
        left_out.append("period")
    return Asked(found_area or areas[0], found_span or spans[0], areas, spans, left_out)


def _charts(asked: Asked) -> list[Chart]:
    found = prepare(db.session(), asked.area, asked.span, lookups())
    return sharing_charts.charts_for(found, asked.area, asked.span, lookups())


def _options(asked: Asked, *, is_year: bool) -> list[Option]:
    return [
        (one.name, f"{one.in_words} ({one.name})", one == asked.span) for one in asked.spans if one.is_year == is_year
    ]
