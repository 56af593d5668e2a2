"""The tiny application, in the place of a rendered service."""
