"""The programs beside the compose files: secrets, certificates, health, audit."""

import http.server
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import pkcs12

from aftersales_contracts.topics import SERVICES
from deploy.audit import judged
from deploy.make_secrets import HERE, Folder, SecretsError, default_folder, make
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


def test_an_authority_whose_key_is_elsewhere_signs_nothing_and_gets_no_new_key(tmp_path: Path) -> None:
    make(tmp_path)
    (tmp_path / "ca.key").rename(tmp_path.parent / f"{tmp_path.name}.key")
    assert make(tmp_path) == [], "nothing had to be signed"
    (tmp_path / "admin.pem").unlink()
    with pytest.raises(SecretsError, match=r"ca\.key is not in .*: put it back to sign admin\.pem"):
        make(tmp_path)
    assert not (tmp_path / "ca.key").exists()
    (tmp_path.parent / f"{tmp_path.name}.key").rename(tmp_path / "ca.key")
    assert make(tmp_path) == ["admin.pem"]


def test_a_key_of_another_authority_is_refused(tmp_path: Path) -> None:
    make(tmp_path / "one")
    make(tmp_path / "other")
    (tmp_path / "other" / "ca.key").replace(tmp_path / "one" / "ca.key")
    (tmp_path / "one" / "admin.pem").unlink()
    with pytest.raises(SecretsError, match="do not belong together"):
        make(tmp_path / "one")


def test_what_cannot_be_made_is_one_line_and_a_status(tmp_path: Path) -> None:
    make(tmp_path)
    (tmp_path / "ca.key").unlink()
    (tmp_path / "kafka.p12").unlink()
    done = subprocess.run(
        [sys.executable, "-m", "deploy.make_secrets", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
    assert "ca.key" in done.stderr


def test_a_folder_that_is_there_becomes_one_for_its_owner_only(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    make(tmp_path)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700


def test_a_password_of_your_own_may_hold_any_character(tmp_path: Path) -> None:
    Folder(tmp_path).once("postgres_password", lambda: b"p@ss/w:rd?%41#")
    make(tmp_path)
    parts = urlsplit((tmp_path / "database_url").read_text())
    assert (parts.hostname, parts.path) == ("postgres", "/aftersales")
    assert unquote(parts.password or "") == "p@ss/w:rd?%41#"


def test_the_folder_is_the_one_that_compose_mounts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for named, expected in (
        (str(tmp_path), tmp_path),
        ("./elsewhere", HERE / "elsewhere"),
        ("", HERE / "secrets"),
    ):
        monkeypatch.setenv("AFTERSALES_SECRETS", named)
        assert default_folder() == expected


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
