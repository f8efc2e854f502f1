"""Which page numbers a list offers."""

from __future__ import annotations


def pages_around(page: int, pages: int) -> list[int | None]:
    """Numbers of pages (from 1) to offer on a page: first, last and those beside it; None where some are left out.

    `page` counts from 1. Source: https://service-manual.nhs.uk/design-system/components/pagination
    """
    near = {1, pages, *range(page - 1, page + 2)}
    # One page left out takes as much room as its number.
    near |= {2} if page == 4 else set()
    near |= {pages - 1} if page == pages - 3 else set()
    offered: list[int | None] = []
    for number in sorted(number for number in near if 1 <= number <= pages):
        if offered and offered[-1] != number - 1:
            offered.append(None)
        offered.append(number)
    return offered
