"""Those who watch: each sees every step, and no other code measures, sleeps or injects."""
