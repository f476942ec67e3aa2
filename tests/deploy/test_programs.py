"""The programs beside the compose files: secrets, certificates, health, audit."""

import http.server
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import pkcs12

from aftersales_contracts.topics import SERVICES
from deploy.audit import judged
from deploy.make_secrets import make
from tests.architecture.tree import ROOT


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_secrets_are_made_once_and_never_overwritten(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    assert {f"{service}_database_url" for service in SERVICES} < set(make(folder))
    first = contents(folder)
    assert make(folder) == []
    assert contents(folder) == first
    (folder / "refunds_kafka_password").unlink()
    assert make(folder) == ["refunds_kafka_password"]
    assert contents(folder)["refunds_kafka_password"] != first["refunds_kafka_password"]


def test_the_folder_is_for_its_owner_and_the_files_for_the_containers(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    make(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o444}


def test_no_password_is_used_twice(tmp_path: Path) -> None:
    make(tmp_path)
    passwords = [path.read_text() for path in tmp_path.glob("*_password")]
    assert len(set(passwords)) == len(passwords)
    assert all(len(password) == 40 for password in passwords)


def test_certificates_are_signed_by_the_authority_and_name_their_hosts(tmp_path: Path) -> None:
    make(tmp_path)
    authority = x509.load_pem_x509_certificate((tmp_path / "ca.pem").read_bytes())
    password = (tmp_path / "kafka_keystore_password").read_bytes()
    broker = pkcs12.load_key_and_certificates((tmp_path / "kafka.p12").read_bytes(), password)[1]
    assert broker is not None
    database = x509.load_pem_x509_certificate((tmp_path / "postgres.pem").read_bytes())
    administrator = x509.load_pem_x509_certificate((tmp_path / "admin.pem").read_bytes())
    for certificate in (broker, database, administrator):
        certificate.verify_directly_issued_by(authority)
    hosts = [
        certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value.get_values_for_type(
            x509.DNSName
        )
        for certificate in (broker, database)
    ]
    assert hosts == [["kafka", "kafka-2", "kafka-3", "localhost"], ["postgres", "localhost"]]
    assert administrator.subject.rfc4514_string() == "CN=admin"


class _Service(http.server.BaseHTTPRequestHandler):
    status = 200

    def do_GET(self) -> None:
        self.send_response(self.status if self.path == "/ready" else 404)
        self.end_headers()
        self.wfile.write(b'{"checks":{"database":"down"}}')

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class names it so
        del format, args


@pytest.fixture
def service() -> Iterator[http.server.HTTPServer]:
    with http.server.HTTPServer(("127.0.0.1", 0), _Service) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def health(port: int) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(ROOT / "deploy" / "health.py")],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "AFTERSALES_HTTP__PORT": str(port)},
    )
    return done.returncode, done.stdout


def test_health_is_what_the_service_says(
    service: http.server.HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert health(service.server_port) == (0, "")
    monkeypatch.setattr(_Service, "status", 503)
    status, said = health(service.server_port)
    assert (status, "database" in said) == (1, True)


def test_no_service_is_no_health() -> None:
    assert health(1) == (1, "no answer: ConnectionRefusedError\n")


FINE = {"name": "orjson", "version": "1", "vulns": []}
UNKNOWN = {"name": "rich", "skip_reason": "not found"}
FLAWED = {"name": "h11", "version": "0.1", "vulns": [{"id": "CVE-1", "fix_versions": ["0.2"]}]}


def test_the_audit_never_takes_no_answer_for_a_good_one() -> None:
    assert judged([FINE], is_required=False) == (0, ["audit: no known vulnerability in 1 packages"])
    assert judged([FINE, FLAWED], is_required=False) == (1, ["h11 0.1: CVE-1, repaired in 0.2"])
    assert judged([FINE, UNKNOWN], is_required=False) == (1, ["audit: nothing is known of rich"])
    for nothing in ([], [UNKNOWN]):
        status, (said,) = judged(nothing, is_required=False)
        assert (status, "NOT DONE" in said) == (0, True)
        assert judged(nothing, is_required=True)[0] == 1
