        ("DRAIN_SECONDS", "57.5", "SHUTDOWN_SECONDS must be at least 2 seconds more than DRAIN_SECONDS"),
        ("ENGINE_URL", "engine:8080", "ENGINE_URL is 'engine:8080' but URL scheme should be 'http'"),
        ("ENGINE_URL", "http://e:99999", "ENGINE_URL is 'http://e:99999' but must be a valid URL"),
