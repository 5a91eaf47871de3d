-- Schemas, and everything the platform remembers about its reads. Resource tables come from the records (tables.py).

CREATE SCHEMA IF NOT EXISTS servicetitan;
COMMENT ON SCHEMA servicetitan IS 'Current rows of every ServiceTitan resource, one table each, all tenants.';
COMMENT ON SCHEMA platform IS 'What the platform remembers: progress, leases, quarantine, drift, rate limits, tenants.';

-- Drawn before a request is sent: of two reads of the same version, the later request wins.
CREATE SEQUENCE platform.fetch_seq;

CREATE TABLE platform.notices (
    notice_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind       text NOT NULL,
    message    text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE platform.notices IS 'What an operator should know about this database, such as a role that could not be created.';

CREATE TABLE platform.tenants (
    tenant_id  bigint PRIMARY KEY,
    name       text NOT NULL UNIQUE,
    timezone   text NOT NULL,
    start_date date NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE platform.tenants IS 'Tenants as configured; business days are computed in `timezone`.';

CREATE TABLE platform.sync_lanes (
    lane_id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id    bigint NOT NULL,
    resource     text NOT NULL,
    generation   text NOT NULL,
    window_start timestamptz,
    window_end   timestamptz,
    lane_start   timestamptz,
    lane_end     timestamptz,
    state        text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'done')),
    position     text,
    reached      timestamptz,
    received     bigint NOT NULL DEFAULT 0,
    inserted     bigint NOT NULL DEFAULT 0,
    updated      bigint NOT NULL DEFAULT 0,
    unchanged    bigint NOT NULL DEFAULT 0,
    quarantined  bigint NOT NULL DEFAULT 0,
    deleted      bigint NOT NULL DEFAULT 0,
    pages        bigint NOT NULL DEFAULT 0,
    calls        bigint NOT NULL DEFAULT 0,
    terminal     boolean NOT NULL DEFAULT false,
    certified_at timestamptz,
    run_id       text,
    epoch        bigint NOT NULL,
    error        text,
    started_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now(),
    CHECK (received = inserted + updated + unchanged + quarantined)
);
COMMENT ON TABLE platform.sync_lanes IS 'One row per lane of a read: where it stands and what came of its rows. Null bounds are infinite.';
COMMENT ON COLUMN platform.sync_lanes.generation IS 'The request this lane belongs to; a retry carries the same one and resumes.';
COMMENT ON COLUMN platform.sync_lanes.position IS 'Where the next request starts: feed token, instant or page, as JSON.';
COMMENT ON COLUMN platform.sync_lanes.epoch IS 'The lease epoch that last wrote this row.';
CREATE INDEX sync_lanes_by_window ON platform.sync_lanes (tenant_id, resource, window_start, window_end, generation);

CREATE TABLE platform.leases (
    tenant_id   bigint NOT NULL,
    resource    text NOT NULL,
    scope       text NOT NULL,
    holder      text NOT NULL,
    host        text NOT NULL,
    pid         bigint NOT NULL,
    epoch       bigint NOT NULL,
    expires_at  timestamptz NOT NULL,
    acquired_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, resource, scope)
);
COMMENT ON TABLE platform.leases IS 'Who is reading what. The epoch grows with every change of hands and fences off the previous holder.';
-- Makes the epoch a key column: a takeover then waits for FOR KEY SHARE of a page being committed, a renewal does not.
CREATE UNIQUE INDEX leases_fence ON platform.leases (tenant_id, resource, scope, epoch);

CREATE TABLE platform.resource_state (
    tenant_id         bigint NOT NULL,
    resource          text NOT NULL,
    last_changed_seq  bigint NOT NULL DEFAULT 0,
    last_changed_at   timestamptz,
    last_read_at      timestamptz,
    last_certified_at timestamptz,
    rows              bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant_id, resource)
);
COMMENT ON TABLE platform.resource_state IS 'Per tenant and resource: the data version, its freshness, and the number of rows ever landed.';

CREATE TABLE platform.quarantine (
    quarantine_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id     bigint NOT NULL,
    resource      text NOT NULL,
    record_key    text,
    reason        text NOT NULL,
    pointer       text NOT NULL,
    raw           bytea NOT NULL,
    raw_sha256    bytea NOT NULL,
    fetch_seq     bigint NOT NULL,
    first_seen_at timestamptz NOT NULL,
    last_seen_at  timestamptz NOT NULL,
    occurrences   bigint NOT NULL DEFAULT 1,
    resolved_at   timestamptz
);
COMMENT ON TABLE platform.quarantine IS 'Rows that could not be landed, as they came, with the reason and a JSON pointer to it.';
CREATE UNIQUE INDEX quarantine_open_once ON platform.quarantine (tenant_id, resource, coalesce(record_key, ''), reason, pointer, raw_sha256)
    WHERE resolved_at IS NULL;
CREATE INDEX quarantine_open ON platform.quarantine (tenant_id, resource, record_key) WHERE resolved_at IS NULL;

CREATE TABLE platform.drift_notices (
    tenant_id     bigint NOT NULL,
    resource      text NOT NULL,
    field         text NOT NULL,
    kind          text NOT NULL,
    seen_on       date NOT NULL,
    example       text,
    occurrences   bigint NOT NULL DEFAULT 1,
    first_seen_at timestamptz NOT NULL,
    last_seen_at  timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, resource, field, kind, seen_on)
);
COMMENT ON TABLE platform.drift_notices IS 'Fields or values the records do not expect, once per field, kind and day.';

CREATE TABLE platform.parked_deletes (
    parked_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id   bigint NOT NULL,
    resource    text NOT NULL,
    missing     bigint NOT NULL,
    living      bigint NOT NULL,
    since_seq   bigint NOT NULL,
    examples    text[] NOT NULL,
    parked_at   timestamptz NOT NULL,
    resolved_at timestamptz
);
COMMENT ON TABLE platform.parked_deletes IS 'Removals too large to believe: nothing was marked, a person decides.';
CREATE UNIQUE INDEX parked_deletes_open ON platform.parked_deletes (tenant_id, resource) WHERE resolved_at IS NULL;

CREATE TABLE platform.stale_reads (
    tenant_id  bigint NOT NULL,
    resource   text NOT NULL,
    record_key text NOT NULL,
    fetch_seq  bigint NOT NULL,
    PRIMARY KEY (tenant_id, resource, record_key)
);
COMMENT ON TABLE platform.stale_reads IS 'Rows the source showed in an older version than the one we hold: seen, hence not missing.';

CREATE UNLOGGED TABLE platform.rate_limits (
    bucket       text PRIMARY KEY,
    tat          timestamptz NOT NULL,
    paused_until timestamptz
);
COMMENT ON TABLE platform.rate_limits IS 'One row per bucket: the theoretical arrival time of the next request (GCRA), on the clock of this server.';

CREATE VIEW platform.sync_windows AS
SELECT
    tenant_id,
    resource,
    generation,
    window_start,
    window_end,
    count(*)                             AS lanes,
    count(*) FILTER (WHERE state = 'done') AS lanes_done,
    sum(received)::bigint                AS received,
    sum(inserted)::bigint                AS inserted,
    sum(updated)::bigint                 AS updated,
    sum(unchanged)::bigint               AS unchanged,
    sum(quarantined)::bigint             AS quarantined,
    sum(deleted)::bigint                 AS deleted,
    sum(pages)::bigint                   AS pages,
    sum(calls)::bigint                   AS calls,
    bool_and(terminal)                   AS terminal,
    CASE WHEN bool_and(certified_at IS NOT NULL) THEN max(certified_at) END AS certified_at,
    max(run_id)                          AS run_id,
    max(error)                           AS error,
    min(started_at)                      AS started_at,
    max(updated_at)                      AS updated_at
FROM platform.sync_lanes
GROUP BY tenant_id, resource, generation, window_start, window_end;
COMMENT ON VIEW platform.sync_windows IS 'The ledger by requested window: certified once every one of its lanes is.';
