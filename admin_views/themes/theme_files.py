"""The numbers of a chart as a CSV file."""

from __future__ import annotations

import csv
import io

from flask import Response

from app.access import readings
from app.extracts.download import made_safe
from app.nhsuk.charts.chart import Chart
from app.rules.words import count_of
from models.enumerations import AuditAction

from .theme_charts import rows_of


def download(chart: Chart, *, about: str, details: str, filename: str) -> Response:
    """The chart's rows as CSV under a file name, noted in the audit.

    A number is sent as it is: one below zero would not be one any more if it were made safe for a spreadsheet.
    """
    head, *body = rows_of(chart)
    text = io.StringIO(newline="")
    safe = [[made_safe(cell) for cell in head], *([made_safe(name), *numbers] for name, *numbers in body)]
    csv.writer(text, lineterminator="\r\n").writerows(safe)
    readings.note(AuditAction.DOWNLOADED, about=about, details=f"{details}, {count_of(len(body), 'row')}")
    return Response(
        text.getvalue().encode(),
        mimetype="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{filename}"'},
    )
