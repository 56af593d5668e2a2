        ([], {"ENGINE_URL": "engine:8080"}, 1, "ENGINE_URL is 'engine:8080' but"),
