{#
  A membership's statuses follow one another day by day: they begin on its first day, each ends where the next begins, and
  exactly one, the last, is open. Every membership that has begun has some; the first days are read again from staging.
#}
with

rows_in_order as (
    select
        tenant_id,
        membership_id,
        valid_from,
        valid_to,
        lead(valid_from) over in_order as next_from,
        row_number() over in_order as row_number
    from {{ ref('fct_membership_timeline') }}
    window in_order as (partition by tenant_id, membership_id order by valid_from)
),

expected as (
    select
        memberships.tenant_id,
        memberships.membership_id,
        coalesce(
            memberships.from_date,
            {{ local_date('memberships.created_at', 'tenants.timezone') }}
        ) as started_on,
        tenants.as_of_date
    from {{ ref('stg_servicetitan__memberships') }} as memberships
    inner join {{ ref('int_tenants') }} as tenants on memberships.tenant_id = tenants.tenant_id
    where memberships.is_active
),

firsts as (
    select
        tenant_id,
        membership_id,
        valid_from
    from rows_in_order
    where row_number = 1
)

select
    tenant_id,
    membership_id,
    valid_from,
    valid_to,
    next_from as expected_date,
    'an interval does not end where the next begins' as what
from rows_in_order
where valid_to is distinct from next_from or valid_to <= valid_from
union all
select
    coalesce(expected.tenant_id, firsts.tenant_id) as tenant_id,
    coalesce(expected.membership_id, firsts.membership_id) as membership_id,
    firsts.valid_from,
    null as valid_to,
    expected.started_on as expected_date,
    'the timeline does not begin on the first day' as what
from expected
full outer join firsts
    on
        expected.tenant_id = firsts.tenant_id
        and expected.membership_id = firsts.membership_id
where
    firsts.valid_from is distinct from expected.started_on
    and (expected.started_on is null or expected.started_on <= expected.as_of_date)
