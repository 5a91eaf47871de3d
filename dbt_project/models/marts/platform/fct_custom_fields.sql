with

entries as (
    {{ entries_of(records_with_custom_fields(), 'custom_fields') }}
),

final as (
    select
        resource,
        tenant_id,
        record_id,
        cast(record_id as text) as record_key,
        cast(entry_number as integer) as field_number,
        {{ json_id('entry', 'typeId') }} as field_type_id,
        {{ json_text('entry', 'name') }} as field_name,
        {{ json_text('entry', 'value') }} as field_value,
        is_deleted,
        fetched_at
    from entries
)

select * from final
