"""Use a trained model: from images of any origin to descriptors. Needs no lightning."""
