"""Settings chosen on tuning seeds."""
