"""What is in the service's image, and how large it may be: `make image-report` and `make image-check`."""
