"""Clients of a Swarm service, in a container on its network: `python -c` gets this, and its arguments.

Each client resolves the name for each connection, takes one of the addresses, and tries no other. It asks
again and again, with a pause: on one connection, for as long as the replica keeps it open, or each time on a
new one. SIGTERM ends all, and prints how many requests were answered with 200, and how each other ended.
"""

import http.client
import json
import random
import signal
import socket
import sys
import threading
import time

NAME, KEY, BODY = sys.argv[1:]
HEADERS = {"content-type": "application/json", "x-api-key": KEY}
LASTING, FRESH = [0.03] * 6 + [0.5, 2, 4], [0.05] * 3  # seconds between two requests of each client
PATIENCE = 20
began = time.monotonic()
stopping = threading.Event()
answered: list[str] = []  # addresses
lost: list[str] = []  # sentences


def resolve() -> list[str]:
    """Return the addresses of the replicas that may be asked."""
    found = socket.getaddrinfo(NAME, 8000, socket.AF_INET, socket.SOCK_STREAM)
    return sorted({address[0] for *_, address in found})


def keep_asking(pause: float, lasts: bool) -> None:
    """Be one client."""
    connection = None
    while not stopping.wait(pause):
        address = "no address"
        try:
            if connection is None:
                address = random.choice(resolve())  # noqa: S311
                connection = http.client.HTTPConnection(address, 8000, timeout=PATIENCE)
            address = connection.host
            connection.request("POST", "/predict", BODY, HEADERS)
            response = connection.getresponse()
            if response.status != 200:
                raise http.client.HTTPException(response.status)
            response.read()
            answered.append(address)
            if response.will_close or not lasts:
                connection.close()
                connection = None
        except (OSError, http.client.HTTPException) as error:
            kind = "lasting" if lasts else "fresh"
            lost.append(f"{time.monotonic() - began:.2f} s, {kind}, pause {pause}, {address}: {error!r}")
            connection = None


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    clients = [threading.Thread(target=keep_asking, args=(pause, True)) for pause in LASTING]
    clients += [threading.Thread(target=keep_asking, args=(pause, False)) for pause in FRESH]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    seconds = time.monotonic() - began
    result = {"answered": len(answered), "replicas": len(set(answered)), "seconds": seconds, "lost": lost}
    sys.stdout.write(json.dumps(result))


if __name__ == "__main__":
    main()
