with

entries as (
    {{ entries_of(records_with_external_data(), 'external_data') }}
),

final as (
    select
        resource,
        tenant_id,
        record_id,
        cast(record_id as text) as record_key,
        cast(entry_number as integer) as entry_number,
        {{ json_text('entry', 'applicationGuid') }} as application_guid,
        {{ json_text('entry', 'key') }} as entry_key,
        {{ json_text('entry', 'value') }} as entry_value,
        is_deleted,
        fetched_at
    from entries
)

select * from final
