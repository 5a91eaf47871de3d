"""The alert sensor: every failed check, run and backfill reaches the alert channel, or the tick fails and tries again.

It reads check evaluations itself, because a failed check that blocks nothing leaves its run green, and it reads failed
runs itself, because Dagster's own run failure sensor moves on when its function fails. What was told is remembered in
the cursor (`incidents`), what a message says is `alerts/message.py`'s.
"""

import time
import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import dagster as dg
from dagster import AssetCheckSeverity, DagsterEventType, EventLogEntry

from st_platform.alerts import Channel, DeliveryFailed, Problem, Severity, messages
from st_platform.orchestration.naming import (
    SOURCE,
    TENANT_TAG,
    AssetPath,
    backfill_url,
    check_url,
    path_text,
    run_url,
)
from st_platform.orchestration.sensors.incidents import FORGET_AFTER, Memory, Open
from st_platform.settings import load_settings

EVENTS_PER_TICK = 2000
RUNS_PER_TICK = 200

_WILL_RETRY_TAG = "dagster/will_retry"


@dataclass
class _FailedCheck:
    """A failed evaluation; `passed_since` says that a later one of the same tick is good again."""

    problem: Problem
    check: str
    incident: Open
    event_id: int
    passed_since: bool = False


@dataclass(frozen=True)
class _FailedRun:
    """A failed step of a run, the run itself, or a backfill; `run_id` is what is remembered."""

    problem: Problem
    run_id: str


_Finding = _FailedCheck | _FailedRun


@dg.sensor(
    name="alerts",
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Sends failed checks, runs and backfills to ST_ALERT_URL, once per incident.",
)
def alerts(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
    """Tell what broke since the last tick.

    Raises:
        DeliveryFailed: the channel took nothing; the tick shows as failed and the next one tries again.
        InvalidChannel: ST_ALERT_URL is of no known kind.
    """
    settings = load_settings()
    if settings.alert_url is None:
        return dg.SkipReason("No alert leaves: ST_ALERT_URL is not set. Set it to an Apprise URL, e.g. ntfy://topic.")
    channel = Channel(settings.alert_url.get_secret_value())
    memory, now = Memory.from_text(context.cursor), time.time()
    look = _Look(context.instance, _catalog(context), settings.dagster_url, memory, now)
    findings: list[_Finding] = [*look.failed_checks(), *look.failed_runs(), *look.failed_backfills()]
    untold = _tell(context, channel, findings)
    _remember(memory, findings, untold, now)
    told = len(findings) - len(untold)
    reason = f"{told} problems were told" if told else "nothing new is wrong"
    if untold:
        reason = f"{told} problems were told, {len(untold)} could not be delivered and are tried again"
    return dg.SensorResult(cursor=memory.to_text(), skip_reason=reason)


def _tell(context: dg.SensorEvaluationContext, channel: Channel, findings: list[_Finding]) -> list[_Finding]:
    """Send one message per tenant. What could not be delivered is returned; if that is everything, raise."""
    waiting = {id(finding.problem): finding for finding in findings}
    for message in messages(finding.problem for finding in findings):
        try:
            channel.send(message)
        except DeliveryFailed as failure:
            if len(waiting) == len(findings):
                raise
            context.log.error(str(failure))
            break
        for problem in message.problems:
            del waiting[id(problem)]
    return list(waiting.values())


def _remember(memory: Memory, findings: list[_Finding], untold: list[_Finding], now: float) -> None:
    """A run is remembered only when all of its steps were told: rather twice than never."""
    missing = {id(finding) for finding in untold}
    runs = {finding.run_id for finding in untold if isinstance(finding, _FailedRun)}
    for finding in findings:
        if isinstance(finding, _FailedRun):
            if finding.run_id not in runs:
                memory.note_run(finding.run_id, now)
        elif id(finding) not in missing:
            incident = None if finding.passed_since else finding.incident
            memory.note_failing(finding.check, incident, finding.event_id, now)
    memory.settle(now, (finding.event_id for finding in untold if isinstance(finding, _FailedCheck)))


@dataclass
class _Catalog:
    """What alerts say about assets: owners, and which asset a step is."""

    owners: Mapping[AssetPath, str]
    steps: Mapping[str, tuple[AssetPath, ...]]


def _catalog(context: dg.SensorEvaluationContext) -> _Catalog:
    owners: dict[AssetPath, str] = {}
    steps: dict[str, tuple[AssetPath, ...]] = {}
    repository = context.repository_def
    for definition in set(repository.assets_defs_by_key.values()) if repository else ():
        for spec in definition.specs:
            path = tuple(spec.key.path)
            if spec.owners:
                owners[path] = ", ".join(spec.owners)
            if definition.is_executable:
                steps[definition.node_def.name] = (*steps.get(definition.node_def.name, ()), path)
    return _Catalog(owners, steps)


@dataclass
class _Look:
    """Reads what happened from Dagster's storage. Each method yields what is worth telling, oldest first."""

    instance: dg.DagsterInstance
    catalog: _Catalog
    dagster_url: str
    memory: Memory
    now: float

    def failed_checks(self) -> list[_FailedCheck]:
        """Failed evaluations that are worth telling, oldest first; the others are noted on the way."""
        found: dict[str, _FailedCheck] = {}
        for event_id, entry in self._evaluations():
            evaluation = entry.dagster_event.asset_check_evaluation_data if entry.dagster_event else None
            if evaluation is None or event_id in self.memory.seen:
                continue
            check = f"{path_text(tuple(evaluation.asset_key.path))}: {evaluation.check_name}"
            if evaluation.passed:
                self.memory.note_passing(check, event_id, self.now)
                if check in found:
                    found[check].passed_since = True
                continue
            severity = Severity.ERROR if evaluation.severity is AssetCheckSeverity.ERROR else Severity.WARNING
            incident = self.memory.opens(check, severity, entry.timestamp)
            if incident is None or (check in found and found[check].incident.severity >= severity):
                self.memory.note_known(event_id, self.now)
                continue
            problem = self._of_check(evaluation, check, incident)
            found[check] = _FailedCheck(problem, check, incident, event_id)
        return list(found.values())

    def failed_runs(self) -> Iterator[_FailedRun]:
        """Failed runs that were not told and are not going to be retried by themselves."""
        records = self.instance.get_run_records(
            dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE], updated_after=self._horizon()),
            limit=RUNS_PER_TICK,
            order_by="update_timestamp",
        )
        for record in reversed(records):
            run = record.dagster_run
            retried = run.tags.get(_WILL_RETRY_TAG) == "true"
            if run.run_id not in self.memory.runs and not retried:
                ended = record.end_time or record.update_timestamp.timestamp()
                yield from self._of_run(run, _moment(ended))

    def failed_backfills(self) -> Iterator[_FailedRun]:
        """Backfills that Dagster itself gave up; what failed in their runs is told by the runs."""
        from dagster._core.execution.backfill import BulkActionsFilter, BulkActionStatus

        given_up = BulkActionsFilter(statuses=[BulkActionStatus.FAILED], created_after=self._horizon())
        for backfill in self.instance.get_backfills(filters=given_up, limit=RUNS_PER_TICK):
            if backfill.backfill_id in self.memory.runs:
                continue
            problem = Problem(
                subject=f"backfill {backfill.title or backfill.backfill_id}",
                tenant=backfill.tags.get(TENANT_TAG),
                reason=backfill.error.message if backfill.error else "Dagster gave it up",
                severity=Severity.ERROR,
                since=_moment(backfill.backfill_end_timestamp or backfill.backfill_timestamp),
                owner=None,
                link=backfill_url(self.dagster_url, backfill.backfill_id),
            )
            yield _FailedRun(problem, backfill.backfill_id)

    def _evaluations(self) -> Iterable[tuple[int, EventLogEntry]]:
        wanted = dg.EventRecordsFilter(
            DagsterEventType.ASSET_CHECK_EVALUATION,
            after_cursor=self.memory.after,
            after_timestamp=self.now - FORGET_AFTER,
        )
        with warnings.catch_warnings():
            # The only reader of check evaluations across runs; Dagster keeps it until 2.0.
            warnings.simplefilter("ignore", DeprecationWarning)
            records = self.instance.get_event_records(wanted, limit=EVENTS_PER_TICK, ascending=True)
        return [(record.storage_id, record.event_log_entry) for record in records]

    def _of_check(self, evaluation: dg.AssetCheckEvaluation, check: str, incident: Open) -> Problem:
        path = tuple(evaluation.asset_key.path)
        return Problem(
            subject=check,
            tenant=_tenant_of(path),
            reason=evaluation.description or "the check failed",
            severity=incident.severity,
            since=_moment(incident.since),
            owner=self.catalog.owners.get(path),
            link=check_url(self.dagster_url, path, evaluation.check_name),
        )

    def _of_run(self, run: dg.DagsterRun, ended: datetime) -> Iterator[_FailedRun]:
        """One problem per failed step, or one for the run; none for steps whose failed checks speak for them."""
        of_interest = {
            DagsterEventType.STEP_FAILURE,
            DagsterEventType.ASSET_CHECK_EVALUATION,
            DagsterEventType.RUN_FAILURE,
        }
        records = self.instance.get_records_for_run(run.run_id, of_type=of_interest).records
        entries = [record.event_log_entry for record in records]
        spoken_for = {entry.step_key for entry in entries if _is_failed_check(entry)}
        steps = {
            entry.step_key: entry
            for entry in entries
            if entry.step_key and entry.dagster_event_type is DagsterEventType.STEP_FAILURE
        }
        silent = [entry for step, entry in steps.items() if step not in spoken_for]
        if not silent and not steps:
            silent = [entry for entry in entries if entry.dagster_event_type is DagsterEventType.RUN_FAILURE][:1]
        if not silent:
            self.memory.note_run(run.run_id, self.now)
        for entry in silent:
            paths = self.catalog.steps.get(entry.step_key or "", ())
            only = paths[0] if len(paths) == 1 else None
            problem = Problem(
                subject=path_text(only) if only else entry.step_key or f"run of {run.job_name}",
                tenant=_tenant_of(only) if only else run.tags.get(TENANT_TAG),
                reason=_reason(entry),
                severity=Severity.ERROR,
                since=ended,
                owner=self.catalog.owners.get(only) if only else None,
                link=run_url(self.dagster_url, run.run_id),
            )
            yield _FailedRun(problem, run.run_id)

    def _horizon(self) -> datetime:
        return datetime.fromtimestamp(self.now, UTC) - timedelta(seconds=FORGET_AFTER)


def _is_failed_check(entry: EventLogEntry) -> bool:
    if entry.dagster_event_type is not DagsterEventType.ASSET_CHECK_EVALUATION or entry.dagster_event is None:
        return False
    return not entry.dagster_event.asset_check_evaluation_data.passed


def _reason(entry: EventLogEntry) -> str:
    """Why a step or run failed, in the words of whoever knew: ours before Dagster's wrapping."""
    event = entry.dagster_event
    if event is None:
        return entry.user_message
    if event.is_step_failure:
        failure = event.step_failure_data
        if failure.user_failure_data and failure.user_failure_data.description:
            return failure.user_failure_data.description
        error = failure.error
        while error is not None and error.cause is not None:
            error = error.cause
        return error.message if error else event.message or "the step failed"
    return event.message or "the run failed"


def _tenant_of(path: AssetPath) -> str | None:
    return path[1] if path[0] == SOURCE and len(path) == 3 else None


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
