        ([], {"MODEL_REPOSITORY": "/nowhere", "PORT": "0"}, 1, "PORT is '0'"),
