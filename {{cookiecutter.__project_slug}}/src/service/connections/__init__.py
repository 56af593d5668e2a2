"""What callers may send over a connection, and in what time."""
