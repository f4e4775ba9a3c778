"""The drawn people: who they are, what they wear, how they move, and how they are rendered."""
