-- What the source grants, what a comparison with it found, and which rows a comparison found gone but did not believe.

CREATE TABLE platform.grants (
    tenant_id bigint NOT NULL,
    resource  text NOT NULL,
    scope     text NOT NULL,
    granted   boolean NOT NULL,
    seen_at   timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, resource)
);
COMMENT ON TABLE platform.grants IS 'Whether a tenant lets us read a resource, as its last read found: by the scopes of the token, or by a refusal.';

CREATE TABLE platform.reconciliations (
    reconciliation_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id         bigint NOT NULL,
    resource          text NOT NULL,
    run_id            text,
    at                timestamptz NOT NULL,
    method            text NOT NULL CHECK (method IN ('count', 'keys')),
    source_count      bigint,
    warehouse_count   bigint NOT NULL,
    missing           bigint NOT NULL DEFAULT 0,
    stale             bigint NOT NULL DEFAULT 0,
    gone              bigint NOT NULL DEFAULT 0,
    healed            bigint NOT NULL DEFAULT 0,
    deleted           bigint NOT NULL DEFAULT 0,
    parked            bigint NOT NULL DEFAULT 0,
    certified         boolean NOT NULL,
    calls             bigint NOT NULL,
    note              text NOT NULL DEFAULT ''
);
COMMENT ON TABLE platform.reconciliations IS 'Every comparison of a resource with its source: what differed, and what was done about it.';
COMMENT ON COLUMN platform.reconciliations.warehouse_count IS 'Living rows before anything was done.';
COMMENT ON COLUMN platform.reconciliations.certified IS 'Whether source and warehouse are known to agree from then on, parked rows aside.';
CREATE INDEX reconciliations_latest ON platform.reconciliations (tenant_id, resource, at DESC);

-- Unlogged: worth nothing after a crash, because an interrupted comparison begins anew.
CREATE UNLOGGED TABLE platform.seen_keys (
    tenant_id  bigint NOT NULL,
    resource   text NOT NULL,
    record_key text NOT NULL,
    version    timestamptz
);
COMMENT ON TABLE platform.seen_keys IS 'The keys that a comparison under way has seen at the source; emptied at its end.';
CREATE INDEX seen_keys_of ON platform.seen_keys (tenant_id, resource);

CREATE TABLE platform.parked_keys (
    tenant_id  bigint NOT NULL,
    resource   text NOT NULL,
    record_key text NOT NULL,
    since_seq  bigint NOT NULL,
    PRIMARY KEY (tenant_id, resource, record_key)
);
COMMENT ON TABLE platform.parked_keys IS 'The rows of an open parked removal, where it names them: read by no request since since_seq, they are gone.';
ALTER TABLE platform.parked_deletes ADD COLUMN named boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN platform.parked_deletes.named IS 'Whether parked_keys names the rows; otherwise they are those that no request since since_seq has shown.';

ALTER TABLE platform.resource_state ADD COLUMN pruned_at timestamptz;
COMMENT ON COLUMN platform.resource_state.pruned_at IS 'When the ledger of this resource was last cleared of old reads.';
