"""The simulated trade business, generated as arrays: who, what, when and for how much, for all time.

One module per part of the business, in causal order: company, people, work, plans, billing, money, upkeep. Everything
is decided by (seed, tenant, size, anchor day); nothing here knows the API's JSON or HTTP.
"""
