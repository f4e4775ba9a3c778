"""Foreign checkpoints: recognise whose they are, and say where each of their tensors goes."""
