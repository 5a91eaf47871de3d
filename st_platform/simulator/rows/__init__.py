"""How each resource's rows are written: from the business's arrays to JSON text, a page at a time.

One module per API module, field for field as the official documents name and type them. A row is a function of the
arrays and of the instant it is looked at; nothing is stored.
"""
