"""What the house tests share: where the project is and which files belong to it."""

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
                  if path.is_file() and any(path.relative_to(ROOT).match(p) for p in patterns))


def relative(path):
    return path.relative_to(ROOT).as_posix()
