"""How fast the platform is beside what bounds it and what others do: see `__main__.py`, results in `RESULTS.md`."""
