"""The warehouse floor: knows Postgres and nothing else (no HTTP, no Dagster)."""
