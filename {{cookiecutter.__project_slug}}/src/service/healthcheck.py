"""Whether this container is ready, for Docker's HEALTHCHECK: a script that imports next to nothing."""

import os
import socket
import sys

REQUEST = b"GET /health/ready HTTP/1.0\r\n\r\n"


def main() -> None:
    """Exit with 0 when `/health/ready` answers 200, with 1 and the reason otherwise."""
    try:
        # Not `create_connection`: it looks the name up, and that imports twice as much as all the rest.
        with socket.socket() as connection:
            connection.settimeout(2)
            connection.connect(("127.0.0.1", int(os.environ.get("PORT") or 8000)))
            connection.sendall(REQUEST)
            answer = b"".join(iter(lambda: connection.recv(4096), b""))
    except OSError as error:
        sys.exit(str(error))
    head, _, body = answer.partition(b"\r\n\r\n")
    sys.stdout.buffer.write(body)
    sys.exit(0 if head.split(b" ")[1:2] == [b"200"] else 1)


if __name__ == "__main__":
    main()
