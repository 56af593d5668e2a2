"""The listening socket: how it is opened, how many it lets in, and how it closes without resetting anybody.

What comes while a listening socket closes is reset by the kernel, whether it waits to be accepted or is
just shaking hands. So newcomers are turned away first: with a filter on the socket, Linux drops segments
that ask for a connection. Their senders ask again after a second, and are refused by then or are answered
elsewhere; those who were let in before are accepted.
"""

import array
import resource
import socket
import struct

from service.settings import SettingsError

# Connections that may wait to be accepted.
BACKLOG = 2048
# Connections at a time: a thousand that send nothing leave three thousand for others. One takes some 15 kB,
# and 16 kB more while a long head comes in.
MAX_CONNECTIONS = 4096
# Files that are open beside connections: the model's, the event loop's, the standard streams.
OTHER_FILES = 128
# From <asm-generic/socket.h>; Python does not name it.
SO_ATTACH_FILTER = 26
# A program for the kernel's classic BPF, as <linux/filter.h> has it: code, jump if true, jump if false,
# operand. A filter sees a segment from its TCP header on, which has the flags in byte 13.
DROP_NEWCOMERS = (
    (0x30, 0, 0, 13),  # load byte 13
    (0x54, 0, 0, 0x12),  # keep the flags SYN and ACK
    (0x15, 0, 1, 0x02),  # if it is SYN alone, go on, else skip one
    (0x06, 0, 0, 0),  # drop the segment
    (0x06, 0, 0, 0xFFFFFFFF),  # pass it whole
)


def listen(host: str, port: int) -> socket.socket:
    """Open a listening socket.

    Raises `SettingsError` if that cannot be done.
    """
    try:
        listener = socket.create_server(
            (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=BACKLOG
        )
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise SettingsError(
            f"HOST {host!r} with PORT {port} cannot be listened on ({reason}): choose another"
        ) from error
    # A response goes out in two parts, and without this the second waits some 40 ms for the caller to confirm
    # the first. Connections inherit it; asyncio sets it only where a socket was opened as TCP's by name.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def make_room() -> int:
    """Have the system allow as many connections as it will, and return their number."""
    allowed, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_CONNECTIONS + OTHER_FILES
    if resource.RLIM_INFINITY not in {allowed, most}:
        wanted = min(wanted, max(allowed, most))
    if allowed != resource.RLIM_INFINITY and allowed < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))
    return max(1, wanted - OTHER_FILES)


def turn_newcomers_away(listener: socket.socket) -> None:
    """Let nobody in any more, but whoever is at the door.

    Raises `OSError` where the system has no such filter, or grants it to administrators of the network alone.
    """
    program = array.array("B", b"".join(struct.pack("HBBI", *instruction) for instruction in DROP_NEWCOMERS))
    address, _ = program.buffer_info()
    listener.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HP", len(DROP_NEWCOMERS), address))


def accept_all(listener: socket.socket) -> list[socket.socket]:
    """Accept every connection that waits, then close the listener at once."""
    accepted: list[socket.socket] = []
    with listener:
        while True:
            try:
                connection, _ = listener.accept()
            except ConnectionAbortedError:
                continue
            except OSError:  # BlockingIOError when none waits; whatever else it is, more would not help
                return accepted
            connection.setblocking(False)
            accepted.append(connection)
