"""Train and evaluate: the only part, besides the command line, that knows lightning."""
