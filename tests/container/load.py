"""Ask a service over kept connections until it takes no new one, and count how each request ended.

Run inside a container on the service's network: `python - HOST BODY` with this file as its input. A
request counts as accepted once its connection stands; whatever then ends it but an answer is a loss.
"""

import http.client
import json
import sys
import threading
from collections import Counter

CLIENTS = 16
LIMIT = 200_000


def ask_until_refused(host: str, body: str, outcomes: Counter) -> None:
    """Ask until a new connection is not accepted."""
    while outcomes.total() < LIMIT:
        connection = http.client.HTTPConnection(host, 8000, timeout=15)
        try:
            connection.connect()
        except OSError:
            outcomes["not accepted"] += 1
            return
        try:
            while ask(connection, body, outcomes):
                pass
        except (OSError, http.client.HTTPException) as error:
            outcomes[f"lost: {error!r}"] += 1
        finally:
            connection.close()


def ask(connection: http.client.HTTPConnection, body: str, outcomes: Counter) -> bool:
    """Send one request; return whether the connection may be used again."""
    connection.request("POST", "/predict", body, {"content-type": "application/json"})
    response = connection.getresponse()
    answer = json.load(response)
    right = response.status == 200 and answer["digit"] == 7
    outcomes["answered" if right else f"lost: {response.status} {answer}"] += 1
    return not response.will_close


def main() -> None:
    """Start all clients, wait for the last, print the counts as JSON."""
    host, body = sys.argv[1:]
    outcomes: Counter = Counter()
    clients = [
        threading.Thread(target=ask_until_refused, args=(host, body, outcomes)) for _ in range(CLIENTS)
    ]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    sys.stdout.write(json.dumps(outcomes))


main()
