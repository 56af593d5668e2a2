"""What `make bench-serving` is made of: models, stacks to compare, measuring, charts, the page."""
