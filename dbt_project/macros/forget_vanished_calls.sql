{#
  Before fct_calls is refreshed: rows of calls that are inactive or gone in the source now. The refresh itself writes
  only over calls that are still there.
#}
{% macro forget_vanished_calls() -%}
    {%- if is_incremental() %}
        delete from {{ this }} as known
        where not exists (
            select 1
            from {{ ref('stg_servicetitan__calls') }} as calls
            where
                calls.tenant_id = known.tenant_id
                and calls.call_id = known.call_id
                and calls.is_active
        )
    {%- endif %}
{%- endmacro %}
