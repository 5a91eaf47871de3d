"""The field work: places, crew, the dispatch board, visits and what happened on them."""
