"""What is billed and owed: invoices, payments, memberships, spending on campaigns, upkeep of rows."""
