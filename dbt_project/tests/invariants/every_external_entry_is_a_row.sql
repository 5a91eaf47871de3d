{# Every object in the arrays of staged records is a row of the mart; counted again, another way. #}
with

expected as (
    {%- for resource in records_with_external_data() %}
    select
        cast('{{ resource }}' as text) as resource,
        records.tenant_id,
        sum(
            jsonb_array_length(
                jsonb_path_query_array(
                    records.external_data, 'strict $[*] ? (@.type() == "object")'
                )
            )
        ) as entry_count
    from {{ ref('stg_servicetitan__' ~ resource) }} as records
    where jsonb_typeof(records.external_data) = 'array'
    group by records.tenant_id
    {%- if not loop.last %}

    union all
    {% endif %}
    {%- endfor %}
),

actual as (
    select
        resource,
        tenant_id,
        count(*) as entry_count
    from {{ ref('fct_external_data') }}
    group by
        resource,
        tenant_id
)

select
    coalesce(expected.resource, actual.resource) as resource,
    coalesce(expected.tenant_id, actual.tenant_id) as tenant_id,
    coalesce(expected.entry_count, 0) as expected_count,
    coalesce(actual.entry_count, 0) as actual_count
from expected
full outer join actual
    on
        expected.resource = actual.resource
        and expected.tenant_id = actual.tenant_id
where coalesce(expected.entry_count, 0) <> coalesce(actual.entry_count, 0)
