"""Order a gallery again by what the neighbours of query and gallery images have in common."""
