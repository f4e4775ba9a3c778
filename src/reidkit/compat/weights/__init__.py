"""Weights that others publish: where they are, under which terms, and how they become models of reidkit."""
