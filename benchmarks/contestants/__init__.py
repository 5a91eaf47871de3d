"""The ways, each with `prepare(task)`: everything that is not measured, and the run itself as what it gives back."""
