        ("DRAIN_SECONDS", "7.5", "SHUTDOWN_SECONDS must be at least 2 seconds more than DRAIN_SECONDS"),
