#!/usr/bin/env bash
# Streamlit 1.67.0, uvicorn 0.54.0, Python 3.11.7, Linux.
# Guess: an app that `streamlit run` serves answers a small request on a connection that is kept open within some ms, as
#   any uvicorn does: asyncio turns Nagle's algorithm off for its TCP connections.
# Seen: from the second answer of a connection on, each takes 40 ms and more: its head is sent, and its body waits until
#   the client's delayed acknowledgement. asyncio sets TCP_NODELAY only on sockets whose `proto` is IPPROTO_TCP, and
#   Streamlit opens its socket without naming one (as uvicorn's Config.bind_socket does); what it accepts has proto 0.
#   The same app served by uvicorn, which leaves the opening to asyncio, answers at once.
# Here (median of 20 answers): streamlit run 44 ms, uvicorn .3 ms.
# What helps: TCP_NODELAY set on each connection as it is made (a protocol class of one's own), or a proxy in front.
# Fails if that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet streamlit==1.67.0 uvicorn==0.54.0
cd "$folder"
cat > page.py <<'PAGE'
import streamlit as st

st.write("hello")
PAGE
cat > served.py <<'PAGE'
import streamlit as st

app = st.App("page.py")
PAGE
env/bin/streamlit run served.py --server.port 8641 --server.address 127.0.0.1 --server.headless true >streamlit.log 2>&1 &
env/bin/uvicorn served:app --port 8642 --log-level warning >uvicorn.log 2>&1 &
env/bin/python - <<'PYTHON'
import http.client
import statistics
import time


def answers(port: int) -> float:
    """Median time of 20 answers of one connection, ms, after the first few, which are acknowledged at once."""
    for _ in range(600):
        try:
            plug = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            plug.connect()
            break
        except OSError:
            time.sleep(0.1)
    times = []
    for _ in range(40):
        begun = time.perf_counter()
        plug.request("GET", "/_stcore/health")
        answer = plug.getresponse()
        assert (answer.status, answer.read()) == (200, b"ok"), answer.status
        times.append(1000.0 * (time.perf_counter() - begun))
    return statistics.median(times[20:])


slow, quick = answers(8641), answers(8642)
print(f"streamlit run: {slow:.1f} ms, uvicorn: {quick:.1f} ms an answer")
assert slow > 35.0, "streamlit run answers at once"
assert quick < 20.0, "uvicorn waits too"
PYTHON
