"""The GraphQL documents that `graphql.py` sends, each for the schema of the Dagster version we pin."""

LOCATIONS = """
query { workspaceOrError { __typename ... on Workspace { locationEntries { name loadStatus locationOrLoadError {
  __typename ... on PythonError { message } } } } ... on PythonError { message } } }
"""

DAEMONS = "query { instance { daemonHealth { allDaemonStatuses { daemonType required healthy } } } }"

ASSETS = """
query { assetNodes(loadMaterializations: true) { assetKey { path } groupName isPartitioned
  assetMaterializations(limit: 1) { timestamp } } }
"""

CHECKS = """
query { assetNodes { assetKey { path } assetChecksOrError { __typename ... on AssetChecks { checks {
  name assetKey { path } executionForLatestMaterialization { status evaluation { timestamp severity description } }
} } } } }
"""

LAUNCH_BACKFILL = """
mutation($parameters: LaunchBackfillParams!) { launchPartitionBackfill(backfillParams: $parameters) { __typename
  ... on LaunchBackfillSuccess { backfillId } ... on Error { message }
  ... on RunConfigValidationInvalid { errors { message } } } }
"""

BACKFILL = """
query($id: String!) { partitionBackfillOrError(backfillId: $id) { __typename ... on PartitionBackfill { status
  error { message } runs { runId jobName status } assetBackfillData { assetBackfillStatuses { __typename
    ... on AssetPartitionsStatusCounts { assetKey { path } numPartitionsTargeted numPartitionsInProgress
      numPartitionsMaterialized numPartitionsFailed }
    ... on UnpartitionedAssetStatus { assetKey { path } inProgress materialized failed } } } }
  ... on Error { message } } }
"""

CANCEL_BACKFILL = """
mutation($id: String!) { cancelPartitionBackfill(backfillId: $id) { __typename ... on Error { message } } }
"""

LAUNCH_RUN = """
mutation($parameters: ExecutionParams!) { launchRun(executionParams: $parameters) { __typename
  ... on LaunchRunSuccess { run { runId } } ... on Error { message }
  ... on RunConfigValidationInvalid { errors { message } } } }
"""

RUN = """
query($id: ID!) { runOrError(runId: $id) { __typename ... on Run { runId jobName status } ... on Error { message } } }
"""

FAILURES = """
query($id: ID!, $after: String) { runOrError(runId: $id) { __typename ... on Run {
  eventConnection(afterCursor: $after) { cursor hasMore events { __typename
  ... on MessageEvent { message stepKey }
  ... on ExecutionStepFailureEvent { failureMetadata { description }
    error { message errorChain { error { message } } } }
  ... on RunFailureEvent { error { message errorChain { error { message } } } } } } }
  ... on Error { message } } }
"""

TERMINATE = """
mutation($id: String!, $policy: TerminateRunPolicy!) {
  terminateRun(runId: $id, terminatePolicy: $policy) { __typename ... on Error { message } } }
"""

UNFINISHED = """
query {
  partitionBackfillsOrError(status: REQUESTED) { __typename ... on PartitionBackfills { results { id } }
    ... on PythonError { message } }
  runsOrError(filter: { statuses: [QUEUED, NOT_STARTED, STARTING, STARTED, CANCELING] }) { __typename
    ... on Runs { results { runId jobName status } } ... on Error { message } }
}
"""

START_SCHEDULE = """
mutation($selector: ScheduleSelector!) { startSchedule(scheduleSelector: $selector) { __typename
  ... on Error { message } } }
"""

START_SENSOR = """
mutation($selector: SensorSelector!) { startSensor(sensorSelector: $selector) { __typename ... on Error { message } } }
"""
