"""The images that `make bench-images` measures, and how."""
