"""What the container may use."""
