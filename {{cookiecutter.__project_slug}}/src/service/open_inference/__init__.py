"""A request of the Open Inference Protocol v2, read, and its answer, written."""
