"""What the tests of conventions share: where the project is and which files belong to it."""

import fnmatch
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]


def files(*patterns):
    """Files of the project (committed or about to be) matching any pattern, sorted."""
    try:
        listed = subprocess.run(
            ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            check=True, capture_output=True, text=True).stdout.split("\0")
        found = [ROOT / name for name in listed if name]
    except (OSError, subprocess.CalledProcessError):  # a source archive without git
        found = [path for path in ROOT.rglob("*")
                 if not {"build", "node_modules", ".git"} & set(path.relative_to(ROOT).parts)]
    return sorted(path for path in found
                  if path.is_file() and any(_matches(path.relative_to(ROOT), p) for p in patterns))


def _matches(path, pattern):
    """As path.match(), but "**/" stands for any number of folders."""
    folder, deep, name = pattern.partition("**/")
    if not deep:
        return path.match(pattern)
    return path.as_posix().startswith(folder) and fnmatch.fnmatch(path.name, name)


def relative(path):
    return path.relative_to(ROOT).as_posix()
