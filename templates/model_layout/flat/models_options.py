    add.add_argument("--version", type=plain, help="the number of the version; by default the next")
    use.add_argument("version", type=plain, metavar="VERSION", help="as `list` shows it, or latest")
    remove.add_argument("version", type=plain, metavar="VERSION", help="as `list` shows it")
