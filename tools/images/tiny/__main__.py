"""`python -m service`: the tiny application, served as `uvicorn main:app --host 0.0.0.0` serves it."""

import uvicorn

if __name__ == "__main__":
    uvicorn.run("service.main:app", host="0.0.0.0")  # noqa: S104 - in a container
