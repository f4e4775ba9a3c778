"""Judge descriptors: rank a gallery, score the ranking, compare pairs. Pure functions, no network."""
