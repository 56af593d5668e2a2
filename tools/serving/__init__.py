"""What `make bench-serving` is made of: cases and stacks, measuring, chart, page."""
