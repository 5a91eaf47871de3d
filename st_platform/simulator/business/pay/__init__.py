"""What people are paid for: timesheets, wages, payrolls and corrections."""
