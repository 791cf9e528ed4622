"""`python -m app.server.health`: exit code 0 where the app on this machine answers, for a container's health check."""

from __future__ import annotations

import os
import sys
import urllib.error
import urllib.request

PORT, TIMEOUT = "STREAMLIT_SERVER_PORT", 4.0


def main() -> int:
    """0 or 1: whether GET /healthz is answered on the port that Streamlit's own variable names."""
    address = f"http://127.0.0.1:{os.environ.get(PORT, '8501')}/healthz"
    try:
        with urllib.request.urlopen(address, timeout=TIMEOUT) as answer:
            return 0 if answer.status == 200 else 1
    except (urllib.error.URLError, OSError):
        return 1


if __name__ == "__main__":
    sys.exit(main())
