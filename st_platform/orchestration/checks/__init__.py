"""Asset checks of the extracts: what the ledger says (`health`), how it is judged (`verdicts`), and the checks
themselves (`extracts`). The models' checks are dbt's tests."""
