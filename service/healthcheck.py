"""Exit with 0 if the platform in this container is healthy, with 1 (and the reason) if it is not.

Run as `python -I -S -E healthcheck.py [PORT]`. It asks over `http.client` because that is quick to load
and, unlike `urllib`, never goes through a proxy that the environment names.
"""

import http.client
import sys


def ask(port: int) -> tuple[int, str]:
    """Return the status of /healthz on this machine, and the body of its response."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        response = connection.getresponse()
        return response.status, response.read().decode("utf-8", "replace")
    finally:
        connection.close()


def main(port: str = "8000") -> int:
    """Print what the platform said about itself; return the exit status."""
    try:
        status, answer = ask(int(port))
    except (OSError, http.client.HTTPException) as error:
        status, answer = 0, f"no answer on port {port}: {error}"
    sys.stdout.write(answer + "\n")
    return 0 if status == http.client.OK else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
