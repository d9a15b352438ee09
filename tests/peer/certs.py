"""Certificates for one run, made with the openssl command.

	certs.py FOLDER		make a set there, for $MAILSEND_TEST_CERTS

Who finds that variable set copies those: to make them takes most of the time in
which a server starts.
"""

import hashlib
import os
import shutil
import ssl
import subprocess
import sys
import time
import warnings

# name: (subject, names, who signs, from, to)
KINDS = {
    "good": ("localhost", "DNS:localhost,IP:127.0.0.1", "ca", 0, 30),
    "wrong-name": ("mail.example.net", "DNS:mail.example.net", "ca", 0, 30),
    "expired": ("localhost", "DNS:localhost,IP:127.0.0.1", "ca", -30, -2),
    "not-yet": ("localhost", "DNS:localhost,IP:127.0.0.1", "ca", 20, 30),
    "unknown-ca": ("localhost", "DNS:localhost,IP:127.0.0.1", "other", 0, 30),
    "self-signed": ("localhost", "DNS:localhost,IP:127.0.0.1", None, 0, 30),
    "client": ("me@example.org", "email:me@example.org", "ca", 0, 30),
    "good-rsa": ("localhost", "DNS:localhost", "rsa", 0, 30),
    # by an authority that has the right name and not the key
    "forged": ("localhost", "DNS:localhost", "ca-forged", 0, 30),
    "forged-rsa": ("localhost", "DNS:localhost", "rsa-forged", 0, 30),
    "forged-with-key-id": ("localhost", "DNS:localhost", "ca-forged", 0, 30),
    # a bit of the authority's signature is another one
    "flipped": ("localhost", "DNS:localhost", "ca", 0, 30),
    "flipped-rsa": ("localhost", "DNS:localhost", "rsa", 0, 30),
}
# name: (whose name it has, key)
AUTHORITIES = {
    "ca": ("ca", "ec"), "other": ("other", "ec"), "rsa": ("rsa", "rsa"),
    "ca-forged": ("ca", "ec"), "rsa-forged": ("rsa", "rsa"),
}
KEYS = {"ec": ("ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
        "rsa": ("rsa:2048",)}
CONFIG = """
[ca]
default_ca = this
[this]
database = {folder}/index
serial = {folder}/serial
new_certs_dir = {folder}
default_md = sha256
policy = any
unique_subject = no
rand_serial = yes
[any]
commonName = supplied
"""


class Certificates:
    def __init__(self, folder):
        self.folder = folder
        self.prints = {}
        os.makedirs(folder, exist_ok=True)
        if os.path.exists(self.path("client.pem")):
            return
        made = os.environ.get("MAILSEND_TEST_CERTS")
        if made:
            shutil.copytree(made, folder, dirs_exist_ok=True)
        else:
            self.make()

    def make(self):
        folder = self.folder
        with open(self.path("ca.conf"), "w") as file:
            file.write(CONFIG.format(folder=folder))
        open(self.path("index"), "w").close()
        for name, (whose, key) in AUTHORITIES.items():
            self.self_sign(name, f"{whose} of the tests",
                           "basicConstraints=critical,CA:TRUE", key)
        for name, (subject, names, issuer, since, until) in KINDS.items():
            if issuer is None:
                self.self_sign(name, subject, "subjectAltName=" + names)
            else:
                self.sign(name, subject, names, issuer, since, until)
        for name in ("flipped", "flipped-rsa"):
            self.flip(name)
        # both are trusted, in a file of two and in one of many
        with open(self.path("ca.pem")) as file:
            ca = file.read()
        with open(self.path("rsa.pem")) as file:
            rsa = file.read()
        with open(self.path("ca.pem"), "w") as file:
            file.write(ca + rsa)
        with open(self.path("bundle.pem"), "w") as file:
            file.write("# CAs\n\n" + 12 * rsa + ca)

    def path(self, name):
        return os.path.join(self.folder, name)

    def openssl(self, *words):
        done = subprocess.run(["openssl", *words], capture_output=True,
                              text=True, stdin=subprocess.DEVNULL)
        if done.returncode:
            raise RuntimeError(f"openssl {words[0]}: {done.stderr.strip()}")
        return done.stdout

    def request(self, name, subject, key, *more):
        return ("req", "-newkey", *KEYS[key], "-nodes", "-keyout",
                self.path(name + ".key"), "-subj", "/CN=" + subject, *more)

    def self_sign(self, name, subject, extension, key="ec"):
        self.openssl(*self.request(
            name, subject, key, "-x509", "-days", "30", "-addext", extension,
            "-out", self.path(name + ".pem")))

    def flip(self, name):
        """The signature stands at the end of a certificate."""
        with open(self.path(name + ".pem")) as file:
            der = bytearray(ssl.PEM_cert_to_DER_cert(file.read()))
        der[-1] ^= 1
        with open(self.path(name + ".pem"), "w") as file:
            file.write(ssl.DER_cert_to_PEM_cert(bytes(der)))

    def sign(self, name, subject, names, issuer, since, until):
        self.openssl(*self.request(name, subject, "ec", "-out",
                                   self.path(name + ".csr")))
        with open(self.path(name + ".ext"), "w") as file:
            file.write(f"subjectAltName={names}\n"
                       "basicConstraints=CA:FALSE\n")
            if name.endswith("key-id"):
                file.write("authorityKeyIdentifier=keyid\n")
        self.openssl(
            "ca", "-batch", "-notext", "-config", self.path("ca.conf"),
            "-cert", self.path(issuer + ".pem"),
            "-keyfile", self.path(issuer + ".key"),
            "-in", self.path(name + ".csr"),
            "-out", self.path(name + ".pem"),
            "-extfile", self.path(name + ".ext"),
            "-startdate", date_in(since), "-enddate", date_in(until))

    def fingerprint(self, name, digest="sha256"):
        """As msmtp writes it: AA:BB:..."""
        if (name, digest) not in self.prints:
            with open(self.path(name + ".pem")) as file:
                der = ssl.PEM_cert_to_DER_cert(file.read())
            text = hashlib.new(digest, der).hexdigest().upper()
            self.prints[name, digest] = ":".join(
                text[at:at + 2] for at in range(0, len(text), 2))
        return self.prints[name, digest]

    def context(self, kind, client_cert=None, highest=None):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.path(kind + ".pem"),
                                self.path(kind + ".key"))
        if client_cert:
            context.load_verify_locations(self.path("ca.pem"))
            context.verify_mode = (
                ssl.CERT_REQUIRED if client_cert == "require"
                else ssl.CERT_OPTIONAL)
        if highest:
            limit_version(context, highest)
        return context


def limit_version(context, highest):
    """An old server: no version above the highest, and all below it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = getattr(
            ssl.TLSVersion, "TLSv" + highest.replace(".", "_")
            if highest != "1.0" else "TLSv1")
    if highest in ("1.0", "1.1"):
        context.set_ciphers("ALL:@SECLEVEL=0")


def date_in(days):
    """ASN.1 UTC time; the day before stands for now, against odd clocks."""
    seconds = time.time() + days * 86400 - (86400 if days == 0 else 0)
    return time.strftime("%Y%m%d%H%M%SZ", time.gmtime(seconds))


if __name__ == "__main__":
    Certificates(sys.argv[1])
