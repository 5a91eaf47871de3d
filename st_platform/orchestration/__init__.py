"""Dagster's view of the platform: assets, checks, jobs, schedules and sensors, all derived from the catalog.

The only floor that imports Dagster. Nothing is exported here, so that the command line can use `naming` and
`graphql`, which need no Dagster, without paying for its import.
"""
