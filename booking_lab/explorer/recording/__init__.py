"""What happens when a schedule is run, taken down."""
