    for command in (use, remove):
        command.add_argument("version", type=plain, metavar="COMMIT", help="as `list` shows it")
    for command in (add, use, remove):
        command.add_argument("--name", type=plain, help="the model; by default MODEL_NAME, or the only one")
