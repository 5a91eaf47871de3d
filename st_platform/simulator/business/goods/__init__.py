"""What is bought, kept, owed and put in: orders, deliveries, bills, stock and equipment."""
