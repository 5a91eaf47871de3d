"""The GraphQL client: every document fits Dagster's own schema, every refusal is an error with a way out."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Any

import httpx
import pytest
from dagster_graphql.schema import create_schema
from graphql import build_schema, parse, validate

from st_platform.orchestration import graphql as client
from st_platform.orchestration import graphql_documents
from st_platform.orchestration.graphql import DagsterApi, DagsterRefused, DagsterUnreachable

URL = "http://127.0.0.1:3000"
JOBS = ("servicetitan", "acme", "jobs")


def api(answer: Callable[[httpx.Request], httpx.Response] | dict[str, Any]) -> DagsterApi:
    def handle(request: httpx.Request) -> httpx.Response:
        return answer(request) if callable(answer) else httpx.Response(200, json={"data": answer})

    return DagsterApi(URL, transport=httpx.MockTransport(handle))


def test_every_document_fits_the_schema_of_the_installed_dagster() -> None:
    schema = build_schema(str(create_schema()))
    documents = {name: text for name, text in vars(graphql_documents).items() if name.isupper()}

    wrong = {name: errors for name, text in documents.items() if (errors := validate(schema, parse(text)))}

    assert len(documents) >= 13
    assert wrong == {}


def test_a_range_backfill_asks_for_both_ends_of_every_asset() -> None:
    asked: list[dict[str, Any]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(json.loads(request.content)["variables"]["parameters"])
        launched = {"__typename": "LaunchBackfillSuccess", "backfillId": "abc"}
        return httpx.Response(200, json={"data": {"launchPartitionBackfill": launched}})

    backfill = api(answer).launch_backfill([JOBS], days=(date(2026, 7, 1), date(2026, 7, 9)), tags={"tenant": "acme"})

    assert backfill == "abc"
    assert asked[0]["partitionsByAssets"] == [
        {
            "assetKey": {"path": ["servicetitan", "acme", "jobs"]},
            "partitions": {"range": {"start": "2026-07-01", "end": "2026-07-09"}},
        }
    ]
    assert asked[0]["tags"] == [{"key": "tenant", "value": "acme"}]


def test_a_refusal_says_what_dagster_said() -> None:
    refused = {"__typename": "PartitionKeysNotFoundError", "message": "no partition 2020-01-01"}

    with pytest.raises(DagsterRefused, match="no partition 2020-01-01"):
        api({"launchPartitionBackfill": refused}).launch_backfill([JOBS], days=(date(2020, 1, 1), date(2020, 1, 1)))


def test_errors_of_the_query_itself_are_refusals() -> None:
    with pytest.raises(DagsterRefused, match="Cannot query field"):
        api(lambda _: httpx.Response(400, json={"errors": [{"message": "Cannot query field"}]})).run("x")


@pytest.mark.parametrize("broken", [httpx.Response(502, text="<html>"), httpx.ConnectError("refused")])
def test_what_is_not_dagster_is_unreachable(broken: httpx.Response | httpx.ConnectError) -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        if isinstance(broken, Exception):
            raise broken
        return broken

    assert not api(answer).is_up()
    with pytest.raises(DagsterUnreachable, match="ST_DAGSTER_URL"):
        api(answer).assets()


def test_a_finished_backfill_with_missing_partitions_did_not_succeed() -> None:
    counts = {"numPartitionsTargeted": 10, "numPartitionsInProgress": 0, "numPartitionsFailed": 1}
    asset = {"__typename": "AssetPartitionsStatusCounts", "assetKey": {"path": JOBS}, **counts}

    def state(materialized: int) -> client.BackfillState:
        data = {"assetBackfillStatuses": [{**asset, "numPartitionsMaterialized": materialized}]}
        backfill = {"__typename": "PartitionBackfill", "status": "COMPLETED_SUCCESS", "error": None, "runs": []}
        return api({"partitionBackfillOrError": {**backfill, "assetBackfillData": data}}).backfill("abc")

    assert state(9).finished
    assert not state(9).succeeded
    assert state(10).succeeded


def test_following_ends_with_the_finished_state() -> None:
    statuses = iter(["QUEUED", "STARTED", "SUCCESS"])

    def answer(_: httpx.Request) -> httpx.Response:
        run = {"__typename": "Run", "runId": "r", "jobName": "j", "status": next(statuses)}
        return httpx.Response(200, json={"data": {"runOrError": run}})

    assert [run.status for run in api(answer).follow_run("r", poll_seconds=0)] == ["QUEUED", "STARTED", "SUCCESS"]


def test_following_gives_up_after_its_time() -> None:
    running = {"__typename": "Run", "runId": "r", "jobName": "j", "status": "STARTED"}

    with pytest.raises(DagsterRefused, match="still STARTED"):
        list(api({"runOrError": running}).follow_run("r", poll_seconds=0, timeout=-1))


def test_a_failure_is_found_on_whatever_page_of_the_log_and_told_in_the_words_of_its_cause() -> None:
    cause = {"error": {"message": "DagsterError: the window is busy (jobs). Wait."}}
    event = {
        "__typename": "ExecutionStepFailureEvent",
        "stepKey": "servicetitan__acme__jobs",
        "message": "failed",
        "error": {"message": "DagsterExecutionStepExecutionError", "errorChain": [cause]},
    }
    explained = {**event, "failureMetadata": {"description": "access is not granted (jobs). Grant it."}}
    pages = {None: [{"__typename": "LogsCapturedEvent"}], "1000": [event, explained]}

    def answer(request: httpx.Request) -> httpx.Response:
        after = json.loads(request.content)["variables"]["after"]
        connection = {"events": pages[after], "cursor": "1000", "hasMore": after is None}
        return httpx.Response(200, json={"data": {"runOrError": {"__typename": "Run", "eventConnection": connection}}})

    failure, told = api(answer).failures("r")

    assert failure.step == "servicetitan__acme__jobs"
    assert "the window is busy" in failure.message
    assert told.message == "access is not granted (jobs). Grant it."
