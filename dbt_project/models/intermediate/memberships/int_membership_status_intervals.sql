with

tenants as (
    select
        tenant_id,
        timezone,
        as_of_date
    from {{ ref('int_tenants') }}
),

customers as (
    select
        tenant_id,
        customer_id,
        canonical_id
    from {{ ref('int_customers__canonical') }}
),

locations as (
    select
        tenant_id,
        location_id,
        canonical_id
    from {{ ref('int_locations__canonical') }}
),

memberships as (
    select * from {{ ref('stg_servicetitan__memberships') }}
),

changes as (
    select * from {{ ref('stg_servicetitan__membership_status_changes') }}
),

begun as (
    select
        memberships.tenant_id,
        memberships.membership_id,
        coalesce(customers.canonical_id, memberships.customer_id) as customer_id,
        coalesce(locations.canonical_id, memberships.location_id) as location_id,
        memberships.membership_type_id,
        memberships.membership_status,
        coalesce(
            memberships.from_date,
            {{ local_date('memberships.created_at', 'tenants.timezone') }}
        ) as started_on,
        memberships.to_date,
        memberships.cancellation_date,
        {{ local_date('memberships.modified_at', 'tenants.timezone') }} as modified_on_local,
        tenants.timezone,
        tenants.as_of_date
    from memberships
    inner join tenants on memberships.tenant_id = tenants.tenant_id
    left join customers
        on
            memberships.tenant_id = customers.tenant_id
            and memberships.customer_id = customers.customer_id
    left join locations
        on
            memberships.tenant_id = locations.tenant_id
            and memberships.location_id = locations.location_id
    where
        memberships.is_active
        and coalesce(
            memberships.from_date,
            {{ local_date('memberships.created_at', 'tenants.timezone') }}
        ) <= tenants.as_of_date
),

-- A change made ahead of the first day takes effect on it.
dated_changes as (
    select
        begun.tenant_id,
        begun.membership_id,
        greatest(
            {{ local_date('changes.created_at', 'begun.timezone') }}, begun.started_on
        ) as changed_on,
        changes.old_status,
        changes.new_status,
        row_number() over (
            partition by begun.tenant_id, begun.membership_id
            order by changes.created_at, changes.membership_status_change_id
        ) as change_number,
        count(*) over (partition by begun.tenant_id, begun.membership_id) as change_count
    from begun
    inner join changes
        on
            begun.tenant_id = changes.tenant_id
            and begun.membership_id = changes.membership_id
    where not changes.is_deleted and changes.new_status is not null
),

-- The first change says what was before it, the last one what the status should be now.
told as (
    select
        begun.tenant_id,
        begun.membership_id,
        begun.membership_status,
        begun.started_on,
        begun.to_date,
        begun.cancellation_date,
        begun.modified_on_local,
        begun.as_of_date,
        coalesce(first_changes.old_status, 'Active') as opening_status,
        coalesce(last_changes.new_status, 'Active') as last_told_status,
        last_changes.changed_on as last_changed_on
    from begun
    left join dated_changes as first_changes
        on
            begun.tenant_id = first_changes.tenant_id
            and begun.membership_id = first_changes.membership_id
            and first_changes.change_number = 1
    left join dated_changes as last_changes
        on
            begun.tenant_id = last_changes.tenant_id
            and begun.membership_id = last_changes.membership_id
            and last_changes.change_number = last_changes.change_count
),

events as (
    select
        tenant_id,
        membership_id,
        started_on as valid_from,
        opening_status as status,
        'start' as source,
        0 as event_number
    from told
    union all
    select
        tenant_id,
        membership_id,
        changed_on as valid_from,
        new_status as status,
        'change' as source,
        change_number as event_number
    from dated_changes
    union all
    select
        tenant_id,
        membership_id,
        greatest(
            case
                when membership_status = 'Expired' and to_date is not null then to_date + 1
                when
                    membership_status = 'Canceled' and cancellation_date <= as_of_date
                    then cancellation_date
                else modified_on_local
            end,
            started_on,
            last_changed_on
        ) as valid_from,
        membership_status as status,
        'current_status' as source,
        9223372036854775807 as event_number
    from told
    where membership_status <> last_told_status
),

-- Of several changes on one day, the last.
days as (
    select distinct on (events.tenant_id, events.membership_id, events.valid_from)
        events.tenant_id,
        events.membership_id,
        events.valid_from,
        events.status,
        events.source
    from events
    inner join tenants on events.tenant_id = tenants.tenant_id
    where events.valid_from <= tenants.as_of_date
    order by
        events.tenant_id asc,
        events.membership_id asc,
        events.valid_from asc,
        events.event_number desc
),

latest as (
    select
        *,
        lead(valid_from) over (
            partition by tenant_id, membership_id order by valid_from
        ) is null as is_latest
    from days
),

-- Nobody said that it ran out.
run_out as (
    select
        latest.tenant_id,
        latest.membership_id,
        begun.to_date + 1 as valid_from
    from latest
    inner join begun
        on
            latest.tenant_id = begun.tenant_id
            and latest.membership_id = begun.membership_id
    where
        latest.is_latest
        and latest.status = 'Active'
        and begun.to_date < begun.as_of_date
        and begun.to_date >= latest.valid_from
),

intervals as (
    select
        tenant_id,
        membership_id,
        valid_from,
        status,
        source
    from days
    union all
    select
        tenant_id,
        membership_id,
        valid_from,
        'Expired' as status,
        'inferred' as source
    from run_out
),

final as (
    select
        intervals.tenant_id,
        intervals.membership_id,
        intervals.valid_from,
        lead(intervals.valid_from) over (
            partition by intervals.tenant_id, intervals.membership_id
            order by intervals.valid_from
        ) as valid_to,
        intervals.status,
        intervals.source,
        intervals.status in (
            'Active'{{ ", 'Suspended'" if var('suspended_is_active') }}
        ) as is_active,
        begun.customer_id,
        begun.location_id,
        begun.membership_type_id,
        begun.started_on,
        begun.to_date
    from intervals
    inner join begun
        on
            intervals.tenant_id = begun.tenant_id
            and intervals.membership_id = begun.membership_id
)

select * from final
