import errno
import os
import re
import select
import socket
import subprocess
import sys

import pytest

from service.connections.listening import MAX_CONNECTIONS, accept_all, listen, turn_newcomers_away
from service.settings import SettingsError


def grants_filters() -> bool:
    """Whether this system lets this process attach a filter."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        try:
            turn_newcomers_away(listener)
        except OSError:
            return False
        return True


filters = pytest.mark.skipif(not grants_filters(), reason="no filter is granted here")


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_no_part_of_a_response_waits_for_the_one_before_to_be_confirmed(host: str) -> None:
    with listen(host, 0) as listener, socket.create_connection(listener.getsockname()[:2]):
        connection, _ = listener.accept()
        with connection:
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


@pytest.mark.parametrize("host", [".", "a..b", "x" * 300, "nohost.invalid"])
def test_a_host_that_is_none_is_refused_in_one_sentence(host: str) -> None:
    with pytest.raises(SettingsError, match=f"^HOST '{re.escape(host)}' with PORT 0 cannot be listened on"):
        listen(host, 0)


@filters
@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_nobody_is_reset_when_newcomers_are_turned_away_first(host: str) -> None:
    listener = listen(host, 0)
    address = listener.getsockname()[:2]
    listener.setblocking(False)
    early = socket.create_connection(address)
    turn_newcomers_away(listener)
    with pytest.raises(TimeoutError):
        socket.create_connection(address, timeout=0.2)
    (accepted,) = accept_all(listener)
    with early, accepted:
        for sender, receiver in ((early, accepted), (accepted, early)):
            sender.sendall(b"still here")
            receiver.settimeout(5)
            assert receiver.recv(100) == b"still here"
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address)


@filters
def test_who_is_turned_away_is_refused_once_the_socket_is_closed() -> None:
    listener = listen("127.0.0.1", 0)
    turn_newcomers_away(listener)
    with socket.socket() as newcomer:
        newcomer.setblocking(False)
        assert newcomer.connect_ex(listener.getsockname()) == errno.EINPROGRESS
        listener.close()
        _, decided, _ = select.select([], [newcomer], [], 10)
        assert decided
        assert newcomer.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == errno.ECONNREFUSED


@pytest.mark.parametrize(("soft", "hard", "room"), [(256, 1000, 872), (256, 8192, 4096), (256, 256, 128)])
def test_there_is_room_for_as_many_connections_as_the_system_allows(soft: int, hard: int, room: int) -> None:
    code = f"""
import resource
from service.connections.listening import OTHER_FILES, make_room
resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard}))
print(make_room())
assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] >= {room} + OTHER_FILES
"""
    printed = subprocess.run([sys.executable, "-c", code], env=os.environ, capture_output=True, check=True)
    assert int(printed.stdout) == room <= MAX_CONNECTIONS
