"""Losses: modules that know features, logits and identities, and no model."""
