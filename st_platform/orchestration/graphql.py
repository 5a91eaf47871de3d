"""A running Dagster seen through its GraphQL API: launch backfills and jobs, follow them, read check results.

Knows the webserver's address and its schema; imports no Dagster, so that the command line stays quick. Every method
is one request (the `follow_…` ones poll) and raises `DagsterUnreachable` or `DagsterRefused`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Self, TypeVar

import httpx

from st_platform.orchestration import graphql_documents as documents
from st_platform.orchestration.naming import CODE_LOCATION, REPOSITORY, AssetPath, partition_key

_POLL_SECONDS = 2.0
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


class DagsterError(Exception):
    """What happened, where, and what to do; `str()` is the three in one line."""

    def __init__(self, what: str, where: str, fix: str) -> None:
        self.what, self.where, self.fix = what, where, fix
        super().__init__(f"{what} ({where}). {fix}")


class DagsterUnreachable(DagsterError):
    """Nothing that speaks Dagster's GraphQL answers at the address."""


class DagsterRefused(DagsterError):
    """Dagster understood the request and said no: an unknown asset, partition or job, or code that does not load."""


@dataclass(frozen=True)
class AssetProgress:
    """Partitions of one asset in a backfill; an unpartitioned asset counts as one."""

    path: AssetPath
    targeted: int
    in_progress: int
    materialized: int
    failed: int


@dataclass(frozen=True)
class RunState:
    """One run: `status` is Dagster's word, e.g. QUEUED, STARTED, SUCCESS, FAILURE, CANCELED."""

    run_id: str
    job: str
    status: str

    @property
    def finished(self) -> bool:
        return self.status in {"SUCCESS", "FAILURE", "CANCELED"}

    @property
    def succeeded(self) -> bool:
        return self.status == "SUCCESS"


@dataclass(frozen=True)
class BackfillState:
    """A backfill with its assets and runs. `error` is Dagster's own, not that of a run."""

    backfill_id: str
    status: str
    assets: tuple[AssetProgress, ...]
    runs: tuple[RunState, ...]
    error: str | None = None

    @property
    def finished(self) -> bool:
        return self.status not in {"REQUESTED", "CANCELING", "FAILING"}

    @property
    def succeeded(self) -> bool:
        """Whether every targeted partition is materialized; a finished backfill may still hold failed runs."""
        return self.status in {"COMPLETED", "COMPLETED_SUCCESS"} and all(
            asset.materialized == asset.targeted for asset in self.assets
        )


@dataclass(frozen=True)
class StepFailure:
    """A step of a run that failed, and the message it failed with."""

    step: str
    message: str


@dataclass(frozen=True)
class CheckState:
    """The latest evaluation of one check. `status`: SUCCEEDED, FAILED, EXECUTION_FAILED, SKIPPED, IN_PROGRESS, or
    None when it never ran; `severity`: WARN or ERROR."""

    path: AssetPath
    name: str
    status: str | None
    severity: str | None
    description: str | None
    evaluated_at: float | None

    @property
    def passed(self) -> bool:
        return self.status == "SUCCEEDED"


@dataclass(frozen=True)
class AssetState:
    """An asset of the code location and when it was last materialized (Unix seconds), if ever."""

    path: AssetPath
    group: str
    is_partitioned: bool
    materialized_at: float | None


@dataclass(frozen=True)
class LocationState:
    """Whether the code location is loaded, and the error if it is not."""

    name: str
    loaded: bool
    error: str | None = None


_Progress = TypeVar("_Progress", "BackfillState", "RunState")


@dataclass
class DagsterApi:
    """The Dagster webserver at `url`, e.g. `http://127.0.0.1:3000`.

    >>> with DagsterApi("http://127.0.0.1:3000") as dagster:
    ...     backfill = dagster.launch_backfill([("servicetitan", "acme", "jobs")], days=(first, last))
    ...     for state in dagster.follow_backfill(backfill):
    ...         show(state)
    """

    url: str
    timeout: float = 60.0
    location: str = CODE_LOCATION
    transport: httpx.BaseTransport | None = None
    _http: httpx.Client = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.url = self.url.rstrip("/")
        on_this_machine = httpx.URL(self.url).host in _LOOPBACK
        self._http = httpx.Client(timeout=self.timeout, trust_env=not on_this_machine, transport=self.transport)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    # ---------------------------------------------------------------------------------------------------- its state

    def is_up(self) -> bool:
        """Whether the webserver answers."""
        try:
            self._ask("query { version }", {})
        except DagsterUnreachable:
            return False
        return True

    def location_state(self) -> LocationState:
        """Whether our code location is loaded; `loaded` is False too while it is still loading."""
        entries = self._ask(documents.LOCATIONS, {})["workspaceOrError"]
        for entry in entries.get("locationEntries", ()):
            if entry["name"] == self.location:
                what = entry["locationOrLoadError"] or {}
                loaded = what.get("__typename") == "RepositoryLocation"
                return LocationState(self.location, loaded, what.get("message"))
        return LocationState(self.location, False)

    def unhealthy_daemons(self) -> list[str]:
        """The daemons that should run but do not, e.g. `SCHEDULER`."""
        statuses = self._ask(documents.DAEMONS, {})["instance"]["daemonHealth"]["allDaemonStatuses"]
        return [status["daemonType"] for status in statuses if status["required"] and not status["healthy"]]

    def assets(self) -> list[AssetState]:
        """Every asset of the code location."""
        nodes = self._ask(documents.ASSETS, {})["assetNodes"]
        return [
            AssetState(
                path=tuple(node["assetKey"]["path"]),
                group=node["groupName"],
                is_partitioned=node["isPartitioned"],
                materialized_at=_seconds(node["assetMaterializations"]),
            )
            for node in nodes
        ]

    def checks(self) -> list[CheckState]:
        """Every check of every asset with its latest evaluation."""
        nodes = self._ask(documents.CHECKS, {})["assetNodes"]
        return [_check_state(check) for node in nodes for check in (node["assetChecksOrError"] or {}).get("checks", ())]

    # ---------------------------------------------------------------------------------------------------- backfills

    def launch_backfill(
        self,
        paths: Sequence[AssetPath],
        *,
        days: tuple[date, date] | None = None,
        title: str | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> str:
        """Start a backfill of the assets and return its id.

        `days` are the first and the last date partition, both included; None takes every partition there is.
        Unpartitioned assets may be among them only when `days` is None.
        """
        span = {"range": {"start": partition_key(days[0]), "end": partition_key(days[1])}} if days else None
        parameters: dict[str, Any] = {"tags": _tag_list(tags or {}), "title": title}
        if span:
            parameters["partitionsByAssets"] = [
                {"assetKey": {"path": list(path)}, "partitions": span} for path in paths
            ]
        else:
            parameters["assetSelection"] = [{"path": list(path)} for path in paths]
            parameters["allPartitions"] = True
        answer = self._ask(documents.LAUNCH_BACKFILL, {"parameters": parameters})["launchPartitionBackfill"]
        return self._accepted(answer, "LaunchBackfillSuccess", "the backfill")["backfillId"]

    def backfill(self, backfill_id: str) -> BackfillState:
        """Where a backfill stands."""
        answer = self._ask(documents.BACKFILL, {"id": backfill_id})["partitionBackfillOrError"]
        found = self._accepted(answer, "PartitionBackfill", f"backfill {backfill_id}")
        data = found["assetBackfillData"] or {"assetBackfillStatuses": ()}
        return BackfillState(
            backfill_id=backfill_id,
            status=found["status"],
            assets=tuple(_asset_progress(status) for status in data["assetBackfillStatuses"]),
            runs=tuple(_run_state(run) for run in found["runs"]),
            error=(found["error"] or {}).get("message"),
        )

    def follow_backfill(
        self, backfill_id: str, *, poll_seconds: float = _POLL_SECONDS, timeout: float = 24 * 3600
    ) -> Iterator[BackfillState]:
        """Its state every few seconds until it is finished; the last one yielded is the finished one.

        Raises:
            DagsterRefused: it is not finished after `timeout` seconds.
        """
        yield from self._follow(lambda: self.backfill(backfill_id), f"backfill {backfill_id}", poll_seconds, timeout)

    def cancel_backfill(self, backfill_id: str) -> None:
        answer = self._ask(documents.CANCEL_BACKFILL, {"id": backfill_id})["cancelPartitionBackfill"]
        self._accepted(answer, "CancelBackfillSuccess", f"backfill {backfill_id}")

    # --------------------------------------------------------------------------------------------------------- runs

    def launch_job(self, job: str, *, partition: date | None = None, tags: Mapping[str, str] | None = None) -> str:
        """Queue one run of a job of the code location and return the run's id."""
        all_tags = dict(tags or {})
        if partition:
            all_tags["dagster/partition"] = partition_key(partition)
        parameters = {
            "selector": {"jobName": job, "repositoryName": REPOSITORY, "repositoryLocationName": self.location},
            "executionMetadata": {"tags": _tag_list(all_tags)},
        }
        answer = self._ask(documents.LAUNCH_RUN, {"parameters": parameters})["launchRun"]
        return self._accepted(answer, "LaunchRunSuccess", f"job {job}")["run"]["runId"]

    def run(self, run_id: str) -> RunState:
        answer = self._ask(documents.RUN, {"id": run_id})["runOrError"]
        return _run_state(self._accepted(answer, "Run", f"run {run_id}"))

    def follow_run(
        self, run_id: str, *, poll_seconds: float = _POLL_SECONDS, timeout: float = 24 * 3600
    ) -> Iterator[RunState]:
        """As `follow_backfill`, for one run."""
        yield from self._follow(lambda: self.run(run_id), f"run {run_id}", poll_seconds, timeout)

    def failures(self, run_id: str) -> list[StepFailure]:
        """The steps of a run that failed, with their messages; the run's own failure comes under the step `run`."""
        found: list[StepFailure] = []
        cursor, more = None, True
        while more:
            answer = self._ask(documents.FAILURES, {"id": run_id, "after": cursor})["runOrError"]
            page = self._accepted(answer, "Run", f"run {run_id}")["eventConnection"]
            cursor, more = page["cursor"], page["hasMore"]
            found += [
                StepFailure(event.get("stepKey") or "run", _explanation(event))
                for event in page["events"]
                if event["__typename"] in {"ExecutionStepFailureEvent", "RunFailureEvent"}
            ]
        return found

    def terminate_run(self, run_id: str, *, lost: bool = False) -> None:
        """Ask a run to stop; one whose process is known to be lost is marked as canceled without asking it."""
        policy = "MARK_AS_CANCELED_IMMEDIATELY" if lost else "SAFE_TERMINATE"
        answer = self._ask(documents.TERMINATE, {"id": run_id, "policy": policy})["terminateRun"]
        self._accepted(answer, "TerminateRunSuccess", f"run {run_id}")

    def unfinished(self) -> tuple[list[str], list[RunState]]:
        """The ids of backfills that are still going on, and the runs that are queued or running."""
        answer = self._ask(documents.UNFINISHED, {})
        backfills = self._accepted(answer["partitionBackfillsOrError"], "PartitionBackfills", "its backfills")
        runs = self._accepted(answer["runsOrError"], "Runs", "its runs")
        return [found["id"] for found in backfills["results"]], [_run_state(run) for run in runs["results"]]

    # -------------------------------------------------------------------------------------------- schedules, sensors

    def start_schedule(self, name: str) -> None:
        answer = self._ask(documents.START_SCHEDULE, {"selector": self._named("scheduleName", name)})["startSchedule"]
        self._accepted(answer, "ScheduleStateResult", f"schedule {name}")

    def start_sensor(self, name: str) -> None:
        answer = self._ask(documents.START_SENSOR, {"selector": self._named("sensorName", name)})["startSensor"]
        self._accepted(answer, "Sensor", f"sensor {name}")

    # ------------------------------------------------------------------------------------------------------ plumbing

    def _named(self, kind: str, name: str) -> dict[str, str]:
        return {kind: name, "repositoryName": REPOSITORY, "repositoryLocationName": self.location}

    def _ask(self, query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        address = f"{self.url}/graphql"
        start = "Start it with `st-platform dev`, or set ST_DAGSTER_URL to where it runs."
        try:
            response = self._http.post(address, json={"query": query, "variables": dict(variables)})
        except httpx.HTTPError as error:
            raise DagsterUnreachable(f"Dagster does not answer: {error}", address, start) from error
        try:
            answer = response.json()
        except ValueError as error:
            what = f"the answer (HTTP {response.status_code}) is not Dagster's"
            raise DagsterUnreachable(what, address, start) from error
        if not isinstance(answer, dict) or answer.get("errors") or not answer.get("data"):
            errors = answer.get("errors") if isinstance(answer, dict) else None
            said = "; ".join(str(error.get("message")) for error in errors or ()) or f"HTTP {response.status_code}"
            raise DagsterRefused(f"Dagster refused the request: {said}", address, "The webserver's log says more.")
        return answer["data"]

    def _accepted(self, answer: dict[str, Any], kind: str, what: str) -> dict[str, Any]:
        if answer["__typename"] == kind:
            return answer
        said = answer.get("message") or "; ".join(error["message"] for error in answer.get("errors", ()))
        fix = f"See {self.url}/locations for what is loaded."
        raise DagsterRefused(f"Dagster refused {what}: {said or answer['__typename']}", self.url, fix)

    def _follow(
        self, look: Callable[[], _Progress], what: str, poll_seconds: float, timeout: float
    ) -> Iterator[_Progress]:
        deadline = time.monotonic() + timeout
        while True:
            state = look()
            yield state
            if state.finished:
                return
            if time.monotonic() > deadline:
                fix = "It goes on in Dagster; look there, or wait longer."
                raise DagsterRefused(f"{what} is still {state.status} after {timeout:.0f} s", self.url, fix)
            time.sleep(poll_seconds)


def _tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in tags.items()]


def _run_state(run: Mapping[str, Any]) -> RunState:
    return RunState(run_id=run["runId"], job=run["jobName"], status=run["status"])


def _asset_progress(status: Mapping[str, Any]) -> AssetProgress:
    path = tuple(status["assetKey"]["path"])
    if status["__typename"] == "UnpartitionedAssetStatus":
        flags = (status["inProgress"], status["materialized"], status["failed"])
        return AssetProgress(path, 1, *(int(flag) for flag in flags))
    return AssetProgress(
        path,
        status["numPartitionsTargeted"],
        status["numPartitionsInProgress"],
        status["numPartitionsMaterialized"],
        status["numPartitionsFailed"],
    )


def _check_state(check: Mapping[str, Any]) -> CheckState:
    execution = check["executionForLatestMaterialization"] or {}
    evaluation = execution.get("evaluation") or {}
    return CheckState(
        path=tuple(check["assetKey"]["path"]),
        name=check["name"],
        status=execution.get("status"),
        severity=evaluation.get("severity"),
        description=evaluation.get("description"),
        evaluated_at=evaluation.get("timestamp"),
    )


def _seconds(materializations: Sequence[Mapping[str, Any]]) -> float | None:
    return float(materializations[0]["timestamp"]) / 1000 if materializations else None


def _explanation(event: Mapping[str, Any]) -> str:
    """Why, in the words of whoever knew: the failure's own, else the error's that started it all, else Dagster's."""
    own = (event.get("failureMetadata") or {}).get("description")
    error = event.get("error") or {}
    causes = error.get("errorChain") or ()
    first = causes[-1]["error"]["message"] if causes else error.get("message")
    return (own or first or event["message"]).strip()
