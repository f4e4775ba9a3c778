"""A gallery: identities and their descriptors, kept on disk, searched, changed, judged by a threshold."""
