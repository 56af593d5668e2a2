    pin = directory / ".pinned"  # written by `python -m service.models use`
    if version == "latest" and pin.is_file():
        version = pin.read_text(errors="replace").strip()
        if version not in versions:
            raise ModelError(f"{pin} names a version that is not there: use another one, or remove the file")
