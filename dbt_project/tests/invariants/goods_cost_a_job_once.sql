{#
  No price book item of a job has its cost from two kinds of document: a bill, a receipt, a purchase order and an invoice
  line tell the same cost. Returns stand beside.
#}
select
    tenant_id,
    job_id,
    sku_id,
    count(distinct source) as source_count
from {{ ref('int_cost_entries') }}
where
    job_id is not null
    and source in ('bill', 'receipt', 'purchase_order', 'invoice_item')
    and cost_type in ('material', 'equipment')
group by tenant_id, job_id, sku_id
having count(distinct source) > 1
