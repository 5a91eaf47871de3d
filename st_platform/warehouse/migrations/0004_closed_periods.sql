-- Months that a business has closed, with every figure as it was then; and what ServiceTitan itself reported, for comparison.

CREATE TABLE platform.closed_periods (
    close_id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id     bigint NOT NULL,
    month         date NOT NULL CHECK (extract(day FROM month) = 1),
    as_of_date    date NOT NULL,
    known_until   timestamptz,
    closed_at     timestamptz NOT NULL DEFAULT now(),
    closed_by     text NOT NULL,
    note          text NOT NULL DEFAULT '',
    reopened_at   timestamptz,
    reopened_by   text,
    reopened_note text
);
COMMENT ON TABLE platform.closed_periods IS 'Every closing of a month; in force while reopened_at is null.';
COMMENT ON COLUMN platform.closed_periods.known_until IS 'When the newest invoice line known at the closing was created: what was created after it came late.';
CREATE UNIQUE INDEX closed_periods_in_force ON platform.closed_periods (tenant_id, month) WHERE reopened_at IS NULL;

CREATE TABLE platform.closed_revenue_lines (
    close_id         bigint NOT NULL,
    tenant_id        bigint NOT NULL,
    month            date NOT NULL,
    invoice_item_id  bigint NOT NULL,
    invoice_id       bigint NOT NULL,
    job_id           bigint,
    business_unit_id bigint,
    revenue_kind     text NOT NULL,
    revenue_date     date NOT NULL,
    revenue_amount   numeric(18, 2) NOT NULL,
    PRIMARY KEY (close_id, invoice_item_id)
);
COMMENT ON TABLE platform.closed_revenue_lines IS 'The revenue lines of a closed month, frozen. Never changed: a month that is closed again gets lines of its own.';

CREATE TABLE platform.closed_job_profits (
    close_id           bigint NOT NULL,
    tenant_id          bigint NOT NULL,
    month              date NOT NULL,
    job_id             bigint NOT NULL,
    business_unit_id   bigint,
    revenue_amount     numeric(18, 2) NOT NULL,
    labor_cost         numeric(18, 2) NOT NULL,
    incentive_cost     numeric(18, 2) NOT NULL,
    burden_cost        numeric(18, 2) NOT NULL,
    material_cost      numeric(18, 2) NOT NULL,
    equipment_cost     numeric(18, 2) NOT NULL,
    other_cost         numeric(18, 2) NOT NULL,
    overhead_allocated numeric(18, 2) NOT NULL,
    PRIMARY KEY (close_id, job_id)
);
COMMENT ON TABLE platform.closed_job_profits IS 'Revenue and cost of the jobs completed in a closed month, frozen; job -1 is overhead that no job carries.';

-- What is frozen stays, whoever asks: roles differ between servers, a trigger does not.
CREATE FUNCTION platform.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the figures of a closed month are not changed (%.%)', tg_table_schema, tg_table_name
        USING HINT = 'st-platform periods reopen ends a closing; closing again freezes new figures.';
END
$$;
CREATE TRIGGER frozen BEFORE UPDATE OR DELETE ON platform.closed_revenue_lines
    FOR EACH ROW EXECUTE FUNCTION platform.refuse_change();
CREATE TRIGGER frozen BEFORE UPDATE OR DELETE ON platform.closed_job_profits
    FOR EACH ROW EXECUTE FUNCTION platform.refuse_change();

CREATE TABLE platform.reported_revenue (
    tenant_id          bigint NOT NULL,
    month              date NOT NULL CHECK (extract(day FROM month) = 1),
    business_unit_name text NOT NULL,
    completed_amount   numeric(18, 2),
    adjustment_amount  numeric(18, 2),
    non_job_amount     numeric(18, 2),
    total_amount       numeric(18, 2),
    file_name          text NOT NULL,
    landed_at          timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, month, business_unit_name),
    CHECK (completed_amount IS NOT NULL OR total_amount IS NOT NULL)
);
COMMENT ON TABLE platform.reported_revenue IS 'Revenue by business unit as ServiceTitan''s own report says, from the file that was downloaded last; null where the report has no such column.';
