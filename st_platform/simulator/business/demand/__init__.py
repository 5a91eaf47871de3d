"""What makes customers ask for work, what they are offered, and the truth about both."""
