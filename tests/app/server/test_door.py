"""Names that a server answers to, and who counts as this machine's own people."""

import pytest

from app.server.door import Door, host_of, is_loopback


def request(host: str | None, peer: str = "127.0.0.1", **headers: str) -> dict:
    pairs = {"host": host} if host is not None else {}
    pairs |= {name.replace("_", "-"): value for name, value in headers.items()}
    return {
        "type": "http",
        "client": (peer, 5),
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in pairs.items()],
    }


OWN = ["127.0.0.1:8501", "127.0.0.1", "localhost:8501", "LOCALHOST", "localhost.", "[::1]:8501", "[::1]"]
OWN += ["a.localhost:1", "127.8.9.1:80", "[::ffff:127.0.0.1]:80"]
FOREIGN = ["studio.example", "studio.example:8501", "10.0.0.7:8501", "localhost.example", "127.0.0.1.example:80", None]
FOREIGN += ["", ":80", "localhost:", "localhost:x", "localhost@evil.example", "localhost/x", "::1", "[::2]", "\xe9"]


@pytest.mark.parametrize("address", ["127.0.0.1", "localhost", "::1", "127.0.0.5"])
def test_on_loopback_only_loopback_names_are_answered_to(address):
    door = Door(address)
    assert [host for host in OWN if not door.admits(request(host))] == []
    assert [host for host in FOREIGN if door.admits(request(host))] == []


def test_two_names_at_once_are_none():
    twice = request("localhost")
    twice["headers"] *= 2
    assert not Door("127.0.0.1").admits(twice)


def test_named_hosts_are_answered_to_beside_loopback():
    door = Door("127.0.0.1", ("Studio.example", "*.lab.example"))
    for host in ("studio.example:80", "STUDIO.EXAMPLE.", "a.lab.example", "a.b.lab.example:1", "localhost"):
        assert door.admits(request(host)), host
    for host in ("lab.example", "xlab.example", "a.studio.example", "studio.example.evil"):
        assert not door.admits(request(host)), host


@pytest.mark.parametrize("address", ["0.0.0.0", "", "::", "10.0.0.7", "host.example"])
def test_beyond_loopback_names_are_checked_where_some_are_set(address):
    assert Door(address).admits(request("anything.example"))
    assert not Door(address, ("studio.example",)).admits(request("anything.example"))
    assert Door(address, ("studio.example",)).admits(request("127.0.0.1:8501")), "a health check"


def test_forwarded_names_count_from_a_named_proxy_alone():
    asked = request("127.0.0.1:8501", peer="10.1.2.3", x_forwarded_host="studio.example")
    assert dict(Door("127.0.0.1").seen(asked)["headers"])[b"host"] == b"127.0.0.1:8501"
    assert dict(Door("127.0.0.1", proxies=("10.9.0.0/16",)).seen(asked)["headers"])[b"host"] == b"127.0.0.1:8501"
    seen = Door("127.0.0.1", ("studio.example",), ("10.1.0.0/16",)).seen(asked)
    assert dict(seen["headers"])[b"host"] == b"studio.example"
    assert Door("127.0.0.1", ("studio.example",), ("10.1.0.0/16",)).admits(seen)
    assert not Door("127.0.0.1", (), ("10.1.0.0/16",)).admits(seen), "a proxy does not make a name one of ours"


def test_what_was_forwarded_is_never_from_home():
    door = Door("127.0.0.1", proxies=("127.0.0.1/32",))
    assert door.is_home(["Host", "Accept"])
    for header in ("X-Forwarded-For", "forwarded", "Via", "x-forwarded-host", "X-Real-IP"):
        assert not door.is_home(["Host", header])
    assert not Door("0.0.0.0").is_home([]) and not Door("").is_home([])


def test_hosts_of_headers():
    assert host_of("Studio.Example.:80") == "studio.example"
    assert host_of("[::1]:80") == "::1" and host_of("[::1]") == "::1"
    assert host_of("a:b:80") is None and host_of("a b") is None
    assert is_loopback("::1") and not is_loopback("example") and not is_loopback("")
