"""Networks that turn images into descriptors, and the files they are kept in."""
