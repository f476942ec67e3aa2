"""Exit status 0 if the service in this container says that it is ready: the image's health command.

Sockets and nothing else, because a container's health is asked for every few seconds for years.
"""

import os
import socket
import sys

SECONDS = 4.0


def main() -> int:
    """0 for an answer with status 200, 1 with a line that says what came instead."""
    port = int(os.environ.get("AFTERSALES_HTTP__PORT", "8080"))
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as connection:
            connection.sendall(b"GET /ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            answer = b""
            while part := connection.recv(4096):
                answer += part
    except OSError as error:
        print(f"no answer: {type(error).__name__}")
        return 1
    head, _, body = answer.partition(b"\r\n\r\n")
    if head.split(b" ", 2)[1:2] == [b"200"]:
        return 0
    print(body.decode(errors="replace"))
    return 1


if __name__ == "__main__":
    sys.exit(main())
