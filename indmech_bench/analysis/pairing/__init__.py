"""Methods of one folder in pairs: all against one, the best of each approach against the simplest predictors."""
