"""Whether a port is reached: `probe.py tcp|udp ADDRESS PORT` exits with 0 when what listens there gets what is sent.

For UDP, silence is reaching: who is kept out is told so (ICMP), and so is who comes where nobody listens.
"""

import socket
import sys

protocol, address, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
family = socket.AF_INET6 if ":" in address else socket.AF_INET
kind = socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM
with socket.socket(family, kind) as there:
    there.settimeout(1.0)
    try:
        there.connect((address, port))
        if protocol == "udp":
            # Twice: the answer to the first is an error of the second.
            there.send(b"probe")
            try:
                there.recv(1)
            except TimeoutError:
                there.send(b"probe")
    except OSError as why:
        print(f"{protocol}/{port}: {why}")
        sys.exit(1)
