"""Makes certificates for the compose file `compose.secure.yaml`: an authority, and those it signs."""

import ipaddress
from collections.abc import Sequence
from datetime import timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from chassis import clock

AUTHORITY_DAYS = 3650
CERTIFICATE_DAYS = 825
BEGINS_EARLIER = timedelta(hours=1)
"""For machines whose clocks are behind."""


class ForeignKey(ValueError):
    """The key is not the one in the authority's certificate."""


class Authority:
    """Signs certificates with a key on the curve P-256. Raises ForeignKey for a key of another authority."""

    def __init__(self, key: bytes, certificate: bytes) -> None:
        self._key = _loaded(key)
        self._certificate = x509.load_pem_x509_certificate(certificate)
        if self._certificate.public_key() != self._key.public_key():
            raise ForeignKey

    @staticmethod
    def new_key() -> bytes:
        """A private key, PEM, PKCS 8."""
        return _key_pem(ec.generate_private_key(ec.SECP256R1()))

    @staticmethod
    def new_certificate(key: bytes) -> bytes:
        """The authority's own certificate, PEM."""
        private, name = _loaded(key), _name("Aftersales deployment authority")
        usage = x509.KeyUsage(
            digital_signature=False,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            key_cert_sign=True,
            crl_sign=True,
            encipher_only=False,
            decipher_only=False,
        )
        builder = (
            _builder(name, name, private.public_key(), AUTHORITY_DAYS)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
        )
        return _pem(builder.sign(private, hashes.SHA256()))

    def certificate(self, name: str, hosts: Sequence[str], key: bytes) -> bytes:
        """A certificate for a key, PEM; `hosts` are the names under which it is reached."""
        return _pem(self._signed(name, hosts, _loaded(key)))

    def keystore(self, name: str, hosts: Sequence[str], password: str) -> bytes:
        """A new key with its certificate and the authority's, as PKCS 12."""
        private = ec.generate_private_key(ec.SECP256R1())
        return pkcs12.serialize_key_and_certificates(
            name.encode(),
            private,
            self._signed(name, hosts, private),
            [self._certificate],
            serialization.BestAvailableEncryption(password.encode()),
        )

    def _signed(
        self, name: str, hosts: Sequence[str], private: ec.EllipticCurvePrivateKey
    ) -> x509.Certificate:
        uses = [ExtendedKeyUsageOID.CLIENT_AUTH] + ([ExtendedKeyUsageOID.SERVER_AUTH] if hosts else [])
        builder = (
            _builder(_name(name), self._certificate.subject, private.public_key(), CERTIFICATE_DAYS)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage(uses), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False
            )
        )
        if hosts:
            names: list[x509.GeneralName] = [x509.DNSName(host) for host in hosts]
            names.append(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        return builder.sign(self._key, hashes.SHA256())


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _builder(
    subject: x509.Name, issuer: x509.Name, public: ec.EllipticCurvePublicKey, days: int
) -> x509.CertificateBuilder:
    now = clock.now()
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BEGINS_EARLIER)
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )


def _loaded(key: bytes) -> ec.EllipticCurvePrivateKey:
    private = serialization.load_pem_private_key(key, None)
    if not isinstance(private, ec.EllipticCurvePrivateKey):
        raise TypeError("the key is none of an elliptic curve")
    return private


def _key_pem(private: ec.EllipticCurvePrivateKey) -> bytes:
    return private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
