"""What is on the model volume, and how it is changed."""
