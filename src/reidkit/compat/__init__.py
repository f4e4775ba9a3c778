"""What people bring from other libraries: checkpoints, configurations, scripts."""
