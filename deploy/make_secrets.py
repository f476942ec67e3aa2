"""`make secrets`: passwords, URLs and certificates for compose, made once and never overwritten.

Every file may be replaced by one of your own. The folder is for its owner only; the files in it may be read
by all, because each container reads the ones that are mounted into it as a user of its own.
"""

import argparse
import secrets
import sys
from collections.abc import Callable
from pathlib import Path

from aftersales_contracts.topics import SERVICES
from chassis.provision import role_of
from deploy.certificates import Authority

HERE = Path(__file__).resolve().parent
DATABASE_HOST = "postgres:5432/aftersales"
BROKER_NAMES = ("kafka", "kafka-2", "kafka-3", "localhost")
DATABASE_NAMES = ("postgres", "localhost")


class Folder:
    """The folder of secrets; tells what it had to make."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.made: list[str] = []
        path.mkdir(mode=0o700, parents=True, exist_ok=True)

    def once(self, name: str, make: Callable[[], bytes]) -> bytes:
        """The content of the file; made unless it is there."""
        file = self.path / name
        if not file.exists():
            content = make()
            temporary = self.path / f".{name}"
            temporary.unlink(missing_ok=True)
            temporary.write_bytes(content)
            temporary.chmod(0o444)
            temporary.rename(file)
            self.made.append(name)
        return file.read_bytes()

    def password(self, name: str) -> str:
        """A password of 160 random bits, in characters that no URL or shell minds."""
        return self.once(name, lambda: secrets.token_hex(20).encode()).decode().strip()


def make(path: Path) -> list[str]:
    """Makes what is missing; returns the names of it."""
    folder = Folder(path)
    superuser = folder.password("postgres_password")
    folder.once("database_url", lambda: _url("postgres", superuser))
    for service in SERVICES:
        password = folder.password(f"{service}_database_password")
        folder.once(f"{service}_database_url", lambda: _url(role_of(service), password))  # noqa: B023  used at once
        folder.password(f"{service}_kafka_password")
    folder.password("operator_kafka_password")
    folder.password("grafana_password")
    _make_certificates(folder)
    return folder.made


def _url(user: str, password: str) -> bytes:
    return f"postgresql://{user}:{password}@{DATABASE_HOST}".encode()


def _make_certificates(folder: Folder) -> None:
    """An authority of this folder's own; the broker, the database and the broker's administrator by it."""
    key = folder.once("ca.key", Authority.new_key)
    certificate = folder.once("ca.pem", lambda: Authority.new_certificate(key))
    authority = Authority(key, certificate)
    password = folder.password("kafka_keystore_password")
    folder.once("kafka.p12", lambda: authority.keystore("kafka", BROKER_NAMES, password))
    for name, hosts in (("postgres", DATABASE_NAMES), ("admin", ())):
        key = folder.once(f"{name}.key", Authority.new_key)
        folder.once(f"{name}.pem", lambda: authority.certificate(name, hosts, key))  # noqa: B023  used at once


def main() -> int:
    """Says what was made."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=HERE / "secrets")
    folder = parser.parse_args().folder
    made = make(folder)
    print(f"secrets: {len(made)} made in {folder}" if made else f"secrets: all there in {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
