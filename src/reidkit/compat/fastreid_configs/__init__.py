"""FastReID's configuration files become recipes of reidkit."""
