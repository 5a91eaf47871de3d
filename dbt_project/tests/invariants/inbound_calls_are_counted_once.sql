{#
  The inbound calls of each day and type in the booking figures are those of staging: none lost between agents, business
  units and campaigns, none twice.
#}
with

expected as (
    select
        calls.tenant_id,
        {{ local_date('calls.created_at', 'tenants.timezone') }} as called_on_local,
        count(*) as inbound_calls,
        count(*) filter (where calls.call_type = 'Booked') as booked_calls,
        count(*) filter (where calls.call_type = 'Unbooked') as unbooked_calls,
        count(*) filter (where calls.call_type = 'Abandoned') as abandoned_calls,
        count(*) filter (where calls.call_type is null) as unclassified_calls
    from {{ ref('stg_servicetitan__calls') }} as calls
    inner join {{ ref('int_tenants') }} as tenants on calls.tenant_id = tenants.tenant_id
    where calls.is_active and calls.direction = 'Inbound'
    group by calls.tenant_id, {{ local_date('calls.created_at', 'tenants.timezone') }}
),

actual as (
    select
        tenant_id,
        called_on_local,
        sum(inbound_calls) as inbound_calls,
        sum(booked_calls) as booked_calls,
        sum(unbooked_calls) as unbooked_calls,
        sum(abandoned_calls) as abandoned_calls,
        sum(unclassified_calls) as unclassified_calls
    from {{ ref('fct_booking_daily') }}
    group by tenant_id, called_on_local
)

select
    coalesce(expected.tenant_id, actual.tenant_id) as tenant_id,
    coalesce(expected.called_on_local, actual.called_on_local) as called_on_local,
    expected.inbound_calls as expected_inbound_calls,
    actual.inbound_calls as actual_inbound_calls
from expected
full outer join actual
    on
        expected.tenant_id = actual.tenant_id
        and expected.called_on_local = actual.called_on_local
where
    expected.inbound_calls is distinct from actual.inbound_calls
    or expected.booked_calls is distinct from actual.booked_calls
    or expected.unbooked_calls is distinct from actual.unbooked_calls
    or expected.abandoned_calls is distinct from actual.abandoned_calls
    or expected.unclassified_calls is distinct from actual.unclassified_calls
