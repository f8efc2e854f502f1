"""The themes view: what is happening, and where. Each number leads to its cases."""

from __future__ import annotations

from collections.abc import Callable

from flask import abort, flash, request
from flask.typing import ResponseReturnValue
from flask_admin import BaseView, expose

from app.access import clock
from app.access.current import current_access, lookups, may
from app.access.permissions import Permission
from app.nhsuk.charts.chart import Chart
from app.rules.quarters import quarter_of
from app.themes.choice import Read, read_choice
from app.themes.counts import Counts
from app.themes.presets import areas_for
from models import db

from . import theme_charts, theme_files
from .theme_charts import Links, span_of
from .theme_panel import panel_of, tags_of

ADDRESS = "themes"
# What the page shows: the name in the address, the words, and what draws it.
SHOWN: dict[str, tuple[str, Callable[[Counts, Links], list[Chart]]]] = {
    "overview": ("Overview", theme_charts.overview),
    "quarters": ("By quarter", theme_charts.by_quarter),
    "areas": ("By area", theme_charts.by_area),
    "together": ("Pairs of themes", theme_charts.together),
    "types": ("By type of review", theme_charts.types),
    "times": ("How long it takes", theme_charts.times),
}


class ThemesView(BaseView):
    """For whoever reads cases, over their scope."""

    def __init__(self) -> None:
        super().__init__(name="Themes", endpoint="themes", url=f"/{ADDRESS}")

    def is_accessible(self) -> bool:
        return may(Permission.THEMES_READ)

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """One of the groups of charts, of what was chosen."""
        show, read = _asked_for()
        if read.left_out:
            flash(f"Left out, because it was not understood: {', '.join(read.left_out)}", "error")
        title, drawn = SHOWN[show]
        args = read.choice.as_args() | _level()
        charts = drawn(Counts(db.session(), read.choice, lookups()), Links(read.choice, lookups()))
        values = {name: value for name, value in read.choice.as_args().items() if name not in ("from", "to")}
        page: str = self.render(
            "themes/index.html",
            title="Themes",
            page_title=f"Themes: {title}",
            heading=title,
            period=_period(read),
            charts=charts,
            tabs=[
                (words, self.get_url(".index", **args | {"show": name}), name == show)
                for name, (words, _) in SHOWN.items()
            ],
            panel=panel_of(read.choice.as_args(), read.offered),
            tags=tags_of(values, read.offered, lambda others: self._address(read, show, others)),
            clear_url=self._address(read, show, {}),
            show=show,
            csv_url=lambda chart: self.get_url(".csv_view", **args | {"show": show, "table": chart.key}),
            levels=self._levels(read, show) if show == "areas" else [],
            sharing_url=self.get_url("sharing.index") if areas_for(current_access().whole_ccgs, lookups()) else "",
        )
        return page

    @expose("/csv/")
    def csv_view(self) -> ResponseReturnValue:
        """The numbers of one chart as a CSV file, exact."""
        show, read = _asked_for()
        if read.left_out:
            abort(400)
        charts = SHOWN[show][1](Counts(db.session(), read.choice, lookups()), Links(read.choice, lookups()))
        chart = next((one for one in charts if one.key == request.args.get("table")), None)
        if chart is None:
            abort(404)
        quarters = span_of(read.choice.begins, read.choice.ends).replace(" ", "-")
        return theme_files.download(
            chart,
            about=ADDRESS,
            details=f"Themes: {chart.title}",
            filename=f"themes-{chart.key}-exact-{quarters}-on-{clock.today().isoformat()}.csv",
        )

    def _address(self, read: Read, show: str, values: dict[str, str]) -> str:
        period = {"from": read.choice.begins.name, "to": read.choice.ends.name}
        address: str = self.get_url(".index", **values, **period, show=show)
        return address

    def _levels(self, read: Read, show: str) -> list[tuple[str, str, bool]]:
        """The levels of areas that can be shown: words, address, and whether it is the present one."""
        present = theme_charts.level_of(Links(read.choice, lookups()))
        return [
            (words, self.get_url(".index", **read.choice.as_args(), show=show, level=level), level == present)
            for level, words in theme_charts.LEVEL_WORDS.items()
            if theme_charts.has_several(Links(read.choice, lookups()), level)
        ]


def _asked_for() -> tuple[str, Read]:
    show = request.args.get("show", "")
    read = read_choice(request.args, current_access().ccgs_as_today(lookups().today), lookups())
    return show if show in SHOWN else "overview", read


def _level() -> dict[str, str]:
    level = request.args.get("level", "")
    return {"level": level} if level in theme_charts.LEVEL_WORDS else {}


def _period(read: Read) -> str:
    choice = read.choice
    label, _ = choice.counted_by
    is_one = choice.begins == choice.ends
    months = choice.begins.in_words if is_one else f"{choice.begins.first_day:%B %Y} to {choice.ends.last_day:%B %Y}"
    counted = f"{months} ({span_of(choice.begins, choice.ends)}), by {label[0].lower()}{label[1:]}."
    now = quarter_of(clock.today())
    return f"{counted} {now.name} is not over yet." if now in choice.quarters else counted
