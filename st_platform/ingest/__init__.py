"""One sync of one resource for one tenant and one window: the API's pages into the warehouse's tables.

Joins the API client and the warehouse; knows neither Dagster nor settings.
"""
