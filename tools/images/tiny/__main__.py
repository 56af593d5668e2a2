"""`python -m service`: the tiny application, served as `uvicorn main:app --host 0.0.0.0` serves it."""

import os

import uvicorn

if __name__ == "__main__":
    server = uvicorn.Server(uvicorn.Config("service.main:app", host="0.0.0.0"))  # noqa: S104 - in a container
    # `tools/slim.py` starts it as root to see what it imports; a service ends then, for it has no model.
    server.should_exit = os.geteuid() == 0
    server.run()
