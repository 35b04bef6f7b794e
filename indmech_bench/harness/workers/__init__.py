"""Where jobs run: runner processes, executors, or this process."""
