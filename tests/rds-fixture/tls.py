"""An authority and a certificate for localhost, made for one run."""

import datetime
import ipaddress
import os

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def certificates(folder):
    ca_key, ca_name, now = ec.generate_private_key(ec.SECP256R1()), name("fixture authority"), datetime.datetime.now(datetime.timezone.utc)
    ca = (base(ca_name, ca_name, ca_key, now).add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
          .sign(ca_key, hashes.SHA256()))
    key = ec.generate_private_key(ec.SECP256R1())
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    leaf = (base(name("localhost"), ca_name, key, now).add_extension(names, critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True).sign(ca_key, hashes.SHA256()))
    pem = serialization.Encoding.PEM
    key_pem = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    for file, content in [("leaf.pem", leaf.public_bytes(pem)), ("key.pem", key_pem), ("ca.pem", ca.public_bytes(pem))]:
        with open(os.path.join(folder, file), "wb") as out:
            out.write(content)
    return os.path.join(folder, "leaf.pem"), os.path.join(folder, "key.pem")


def name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def base(subject, issuer, key, now):
    day = datetime.timedelta(days=1)
    return (x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
            .serial_number(x509.random_serial_number()).not_valid_before(now - day).not_valid_after(now + day))
