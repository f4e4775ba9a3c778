"""From a folder to batches: readers, the doctor, images, sampling, augmentation and loaders."""
