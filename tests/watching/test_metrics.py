"""Numbers for Prometheus: on a port of their own, added up over the processes, and about nobody."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import requests
from flask import Flask
from prometheus_client import REGISTRY

from app.access.row_scope import OutsideScope
from app.config import WrongSetting, metrics_address
from tests.conftest import add_case
from tests.databases import SQLiteDatabases, new_app
from tests.visitor import Visitor
from tests.watching.servers import free_port, serving

Numbers = dict[str, float]


def counted(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0


def numbers_at(port: int) -> Numbers:
    text = requests.get(f"http://127.0.0.1:{port}/metrics", timeout=10).text
    lines = (line.rpartition(" ") for line in text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, _, value in lines}


def test_requests_are_counted_by_route_method_and_status(app: Flask, sign_in_as: Callable[[str], Visitor]) -> None:
    visitor, case = sign_in_as("ccg-84H"), add_case(app, "84H")
    labels = {"route": "/cases/details/", "method": "GET"}
    before = counted("tracker_requests_total", **labels, status="200")
    timed = counted("tracker_request_seconds_count", **labels)
    visitor.get(f"/cases/details/?id={case.id}")
    assert counted("tracker_requests_total", **labels, status="200") == before + 1
    assert counted("tracker_request_seconds_count", **labels) == timed + 1


def test_paths_and_methods_that_somebody_invents_make_no_labels(app: Flask) -> None:
    def others() -> float:
        found = _samples("tracker_requests_total")
        return float(
            sum(one.value for one in found if (one.labels["route"], one.labels["method"]) == ("none", "other"))
        )

    before = others()
    for invented in ("QUILLARBY", "QUILLARBZ"):
        Visitor(app).client.open(f"/{invented}", method=invented, buffered=True)
    assert not [one for one in _samples("tracker_requests_total") if "QUILL" in str(one.labels)]
    assert others() == before + 2


def _samples(name: str) -> list:
    return [one for metric in REGISTRY.collect() for one in metric.samples if one.name == name]


def test_no_number_is_about_a_person_or_an_organisation(app: Flask, sign_in_as: Callable[[str], Visitor]) -> None:
    case = add_case(app, "84H")
    visitor = sign_in_as("ccg-84H")
    for address in ("/", "/cases/?search=quillarby", f"/cases/details/?id={case.id}", "/themes/", "/quillarby"):
        visitor.get(address)
    samples = [one for metric in REGISTRY.collect() for one in metric.samples if one.name.startswith("tracker")]
    labels = {f"{name}={value}" for one in samples for name, value in one.labels.items()}
    assert {label.partition("=")[0] for label in labels} <= {"route", "method", "status", "le", "kind"}
    assert not [label for label in labels if re.search(rf"84H|quillarby|{case.id}|ccg-", label)]


def test_refusals_are_counted(
    app: Flask, sign_in_as: Callable[[str], Visitor], monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_ins, outside = counted("tracker_sign_ins_refused_total"), counted("tracker_outside_scope_total")
    Visitor(app).post_form("/sign-in/", {"account": "nobody-at-all"}, action="/sign-in/demo")
    assert counted("tracker_sign_ins_refused_total") == sign_ins + 1

    def refuses(view: object, row: object) -> None:
        raise OutsideScope("The row belongs to a CCG outside the scope.")

    monkeypatch.setattr("admin_views.cases.cases.CaseReviewView.details_context", refuses)
    assert sign_in_as("ccg-84H").get(f"/cases/details/?id={add_case(app, '84H').id}").status_code == 404
    assert counted("tracker_outside_scope_total") == outside + 1


def test_connections_in_use_are_given_back(app: Flask, sign_in_as: Callable[[str], Visitor]) -> None:
    visitor = sign_in_as("ccg-84H")
    before = counted("tracker_database_connections_in_use")
    for _ in range(3):
        visitor.get("/cases/")
    assert counted("tracker_database_connections_in_use") == before


def test_the_numbers_of_all_processes_stand_on_their_own_port_and_nowhere_else(
    tmp_path: Path, sqlite_databases: SQLiteDatabases
) -> None:
    metrics_port = free_port()
    with sqlite_databases.fresh() as database:
        Visitor(new_app(database)).sign_in("ccg-84H")  # an event that waits for its seal
        settings = database.settings | {"METRICS_PORT": str(metrics_port), "WEB_CONCURRENCY": "3"}
        with serving(tmp_path, settings) as server:
            for _ in range(30):  # on connections of their own, so that each process has its share
                assert requests.get(server.url("/sign-in/"), timeout=10).status_code == 200
            for path in ("/metrics", "/metrics/", "/"):
                assert "tracker_" not in requests.get(server.url(path), timeout=10, allow_redirects=False).text
            pages = 'tracker_requests_total{method="GET",route="/sign-in/",status="200"}'
            assert [numbers_at(metrics_port)[pages] for _ in range(10)] == [30] * 10
            found = numbers_at(metrics_port)
            assert found["tracker_database_up"] == found["tracker_schema_current"] == 1
            assert found["tracker_audit_events_waiting"] >= 1
            assert found["tracker_requests_in_flight"] == 0
            assert (
                found['tracker_work_under_way{kind="import"}'] == found['tracker_work_under_way{kind="extract"}'] == 0
            )
            assert 1 <= found["tracker_database_connections_open"] <= 15
            assert server.stop() == 0


def test_without_the_setting_no_port_is_open(tmp_path: Path, sqlite_databases: SQLiteDatabases) -> None:
    with sqlite_databases.fresh() as database, serving(tmp_path, database.settings) as server:
        listening = {line.split()[1].rpartition(":")[2] for line in Path("/proc/net/tcp").read_text().splitlines()[1:]
                     if line.split()[3] == "0A" and line.split()[9] in _sockets_of(server.process.pid)}  # fmt: skip
        assert {int(port, 16) for port in listening} == {server.port}


def _sockets_of(pid: int) -> set[str]:
    links = (link.readlink() for link in Path(f"/proc/{pid}/fd").iterdir())
    return {found.group(1) for link in links if (found := re.fullmatch(r"socket:\[(\d+)\]", str(link)))}


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "*", "tracker.example.nhs.uk"])  # noqa: S104 - refused
def test_the_numbers_are_never_on_every_address_of_a_machine(host: str) -> None:
    with pytest.raises(WrongSetting, match="METRICS_HOST"):
        metrics_address({"METRICS_PORT": "9100", "METRICS_HOST": host})


def test_the_numbers_are_on_loopback_unless_an_address_is_named() -> None:
    assert metrics_address({}) is None
    assert metrics_address({"METRICS_PORT": "9100"}) == ("127.0.0.1", 9100)
    assert metrics_address({"METRICS_PORT": "9100", "METRICS_HOST": "10.0.0.7"}) == ("10.0.0.7", 9100)
