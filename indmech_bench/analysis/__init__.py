"""From rows to what is known: leaderboards, comparisons, standings, drift, status."""
