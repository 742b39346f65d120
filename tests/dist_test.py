"""`./dev dist`: a source archive that builds with its page where there is no Node.js."""

import pathlib
import subprocess
import tarfile
import tempfile
import unittest

from program import ROOT


@unittest.skipUnless((ROOT / ".git").exists(), "this is no clone, but an archive itself")
class Dist(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="qaio-dist-")
        cls.addClassCleanup(folder.cleanup)
        made = subprocess.run([ROOT / "dev", "dist", folder.name], capture_output=True, text=True,
                              timeout=600)
        assert made.returncode == 0, made.stderr
        archive, = pathlib.Path(folder.name).glob("qaio-*.tar.gz")
        with tarfile.open(archive) as tar:
            tar.extractall(folder.name)
        cls.source, = (path for path in pathlib.Path(folder.name).iterdir() if path.is_dir())

    def configured(self, build):
        # A program that fails stands for Node.js: CMake finds no version that will do.
        done = subprocess.run(["cmake", "-G", "Ninja", "-S", self.source, "-B", self.source / build,
                               "-DNODE=/bin/false"], capture_output=True, text=True, timeout=600)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stderr, (self.source / build / "build.ninja").read_text()

    def test_the_page_is_there_without_node(self):
        said, rules = self.configured("with_page")
        self.assertNotIn("page", said)
        self.assertIn("prebuilt/page_assets.S", rules)
        self.assertIn("QAIO_HAS_PAGE", rules)

    def test_without_both_the_build_says_what_is_missing(self):
        prebuilt = self.source / "web/prebuilt"
        prebuilt.rename(self.source / "web/elsewhere")
        self.addCleanup((self.source / "web/elsewhere").rename, prebuilt)
        said, rules = self.configured("without_page")
        self.assertRegex(said, r"Node\.js 18 or later with npm is missing")
        self.assertNotIn("QAIO_HAS_PAGE", rules)


if __name__ == "__main__":
    unittest.main()
