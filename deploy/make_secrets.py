"""`make secrets`: passwords, URLs and certificates for compose, made once and never overwritten.

Every file may be replaced by one of your own. The folder is for its owner only; the files in it may be read
by all, because each container reads the ones that are mounted into it as a user of its own.
"""

import argparse
import os
import secrets
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from aftersales_contracts.topics import SERVICES
from chassis.operate.provision import role_of
from deploy.certificates import Authority, ForeignKey

HERE = Path(__file__).resolve().parent
DATABASE_HOST = "postgres:5432/aftersales"
BROKER_NAMES = ("kafka", "kafka-2", "kafka-3", "localhost")
DATABASE_NAMES = ("postgres", "localhost")
SENDERS = ("easypost", "aftership", "shopify", "kuaidi100", "taobao")
"""Senders of webhooks. A secret that was made here is nobody's, until the sender's own takes its place."""
SIGNED = ("kafka.p12", "postgres.pem", "admin.pem")


class SecretsError(Exception):
    """One clear line for the user; nothing was signed."""


class Folder:
    """The folder of secrets; tells what it had to make."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.made: list[str] = []
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.chmod(0o700)

    def has(self, name: str) -> bool:
        """Whether the file is there."""
        return (self.path / name).exists()

    def once(self, name: str, make: Callable[[], bytes]) -> bytes:
        """The content of the file; made unless it is there."""
        file = self.path / name
        if not self.has(name):
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
    folder.password("receiver_kafka_password")
    for sender in SENDERS:
        folder.password(f"{sender}_webhook_secret")
    folder.password("grafana_password")
    _make_certificates(folder)
    return folder.made


def _url(user: str, password: str) -> bytes:
    return f"postgresql://{user}:{quote(password, safe='')}@{DATABASE_HOST}".encode()


def _make_certificates(folder: Folder) -> None:
    """The broker's, the database's and the broker's administrator's, where one is missing."""
    missing = [name for name in SIGNED if not folder.has(name)]
    if not missing:
        return
    authority = _authority(folder, missing)
    password = folder.password("kafka_keystore_password")
    folder.once("kafka.p12", lambda: authority.keystore("kafka", BROKER_NAMES, password))
    for name, hosts in (("postgres", DATABASE_NAMES), ("admin", ())):
        key = folder.once(f"{name}.key", Authority.new_key)
        folder.once(f"{name}.pem", lambda: authority.certificate(name, hosts, key))  # noqa: B023  used at once


def _authority(folder: Folder, missing: list[str]) -> Authority:
    """The one that `ca.pem` vouches by; a new one only where there is none yet."""
    if folder.has("ca.pem") and not folder.has("ca.key"):
        raise SecretsError(f"ca.key is not in {folder.path}: put it back to sign {', '.join(missing)}")
    key = folder.once("ca.key", Authority.new_key)
    certificate = folder.once("ca.pem", lambda: Authority.new_certificate(key))
    try:
        return Authority(key, certificate)
    except ForeignKey:
        raise SecretsError(f"ca.key and ca.pem in {folder.path} do not belong together") from None


def default_folder() -> Path:
    """As compose finds it: what `AFTERSALES_SECRETS` names, seen from here where it is relative."""
    return HERE / (os.environ.get("AFTERSALES_SECRETS") or "secrets")


def main() -> int:
    """Says what was made."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=default_folder())
    folder = parser.parse_args().folder
    try:
        made = make(folder)
    except SecretsError as error:
        print(f"secrets: {error}", file=sys.stderr)
        return 1
    print(f"secrets: {len(made)} made in {folder}" if made else f"secrets: all there in {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
