"""Certificates for tests, made by openssl."""

import pathlib
import subprocess

from program import ProgramTest


def openssl(*arguments, **options):
    return subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True,
                          timeout=60, **options).stdout


class Authority:
    """Signs certificates, which are files in its folder; `self.file` is what its clients trust."""

    def __init__(self, folder, name="authority"):
        self.folder = pathlib.Path(folder)
        self.name = name
        self.file = self.folder / f"{name}.pem"
        self.key = self.folder / f"{name}.key"
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-keyout", self.key, "-out", self.file, "-subj", f"/CN={name}", "-days", 30)

    def sign(self, name, days=30, kind=("ec", "-pkeyopt", "ec_paramgen_curve:P-256")):
        """(certificate, key) of localhost and 127.0.0.1. Fewer than 0 days: expired."""
        key, request, certificate = (self.folder / f"{name}.{end}" for end in ("key", "csr", "crt"))
        openssl("req", "-newkey", *kind, "-nodes", "-keyout", key, "-out", request, "-subj",
                f"/CN={name}")
        names = self.folder / "names"
        names.write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
        if days > 0:
            openssl("x509", "-req", "-in", request, "-CA", self.file, "-CAkey", self.key, "-out",
                    certificate, "-days", days, "-extfile", names)
        else:
            self._sign_for_the_past(request, certificate, names)
        return certificate, key

    def _sign_for_the_past(self, request, certificate, names):
        (self.folder / "index").write_text("")
        config = self.folder / "ca.conf"
        config.write_text(f"""[ca]
default_ca = own
[own]
database = {self.folder}/index
new_certs_dir = {self.folder}
rand_serial = yes
default_md = sha256
policy = any
[any]
commonName = supplied
""")
        openssl("ca", "-batch", "-config", config, "-cert", self.file, "-keyfile", self.key, "-in",
                request, "-out", certificate, "-notext", "-startdate", "20200101000000Z",
                "-enddate", "20200201000000Z", "-extfile", names)


class CertifiedTest(ProgramTest):
    """Gives each test class an authority, and a server's certificate and key of it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.authority = Authority(cls.folder)
        cls.certificate, cls.key = cls.authority.sign("server")
