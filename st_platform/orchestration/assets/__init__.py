"""Assets: `extracts` makes one per tenant and resource of the catalog, `dbt` one per model of the dbt project."""
