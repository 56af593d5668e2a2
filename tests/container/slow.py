"""Open a thousand connections that send slowly or nothing, and ask like anybody else meanwhile.

Run inside a container on the service's network: `python - HOST BODY SECONDS` with this file as its input,
where SECONDS are those in which a request must be received. Prints how it went as JSON: how each slow
connection ended, when the last did, and how long the answers to the ordinary requests took.
"""

import contextlib
import http.client
import json
import selectors
import socket
import sys
import threading
import time
from collections import Counter

CONNECTIONS = 1000
BEGINNINGS = (
    b"",
    b"POST /predict HTTP/1.1\r\nhost: service\r\nx-slow: ",
    b"POST /predict HTTP/1.1\r\nhost: service\r\ncontent-length: 100000\r\n\r\n",
)
PAUSE = 0.5  # between two bytes


def open_connections(host: str, selector: selectors.BaseSelector) -> None:
    """Connect, and begin each third in its own way."""
    for number in range(CONNECTIONS):
        connection = socket.create_connection((host, 8000), timeout=10)
        beginning = BEGINNINGS[number % 3]
        connection.sendall(beginning)
        selector.register(connection, selectors.EVENT_READ, beginning)


def drip(selector: selectors.BaseSelector) -> None:
    """Send one more byte on each connection that has begun."""
    for key in list(selector.get_map().values()):
        if key.data:
            with contextlib.suppress(OSError):  # what became of it shows when it is read
                key.fileobj.send(b"x")


def read_ends(selector: selectors.BaseSelector, ends: Counter) -> None:
    """Count those that the service has ended, by what it said."""
    for key, _ in selector.select(PAUSE):
        try:
            said = key.fileobj.recv(65536).split()[1:2]
        except OSError as error:
            said = [type(error).__name__.encode()]
        ends[said[0].decode() if said else "closed"] += 1
        selector.unregister(key.fileobj)
        key.fileobj.close()


def ask(host: str, body: str, times: list, stop: threading.Event) -> None:
    """Ask over new connections until told to stop, and note how long each answer took."""
    while not stop.is_set():
        began = time.monotonic()
        connection = http.client.HTTPConnection(host, 8000, timeout=30)
        connection.request("POST", "/predict", body, {"content-type": "application/json"})
        response = connection.getresponse()
        response.read()
        connection.close()
        assert response.status == 200
        times.append(time.monotonic() - began)
        time.sleep(0.02)


def main() -> None:
    """Be slow until the service has enough of it, for thrice the time at the most."""
    host, body, seconds = sys.argv[1:]
    selector, ends, times, stop = selectors.DefaultSelector(), Counter(), [], threading.Event()
    began = time.monotonic()
    open_connections(host, selector)
    normal = threading.Thread(target=ask, args=(host, body, times, stop))
    normal.start()
    while selector.get_map() and time.monotonic() < began + 3 * float(seconds):
        drip(selector)
        read_ends(selector, ends)
    ended = time.monotonic() - began
    stop.set()
    normal.join()
    times.sort()
    result = {"ends": ends, "seconds": ended, "answered": len(times), "slowest": times[-1]}
    sys.stdout.write(json.dumps(result | {"median": times[len(times) // 2]}))


main()
