"""Documents tell the truth: paths, links, commands and options named in them exist."""

import functools
import os
import re
import shlex
import subprocess
import unittest

import project

DOCS = project.files("README*.md", "HACKING.md", "ARCHITECTURE.md", "CHANGELOG.md", "docs/*.md",
                     "tools/**/README.md", "models/**/README.md")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.M | re.S)
INLINE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)\s]+)\)")
PATH = re.compile(r"^\.{0,2}/?[\w.+-]+(?:/[\w.+-]+)+/?$")
FILE = re.compile(r"^[\w.-]+\.(?:md|cpp|h|py|toml|json|cmake|mjs|ts)$")
# Names that documents rightly use for files that a user or a model folder holds.
USER_FILES = {"chat_template.json", "config.json", "generation_config.json", "tokenizer.json",
              "tokenizer_config.json", "qaio.toml", "expected.json"}


def command_lines(text):
    """(program, arguments) of each `./dev ...` and `qaio ...` in code."""
    shell = [body for kind, body in FENCE.findall(text) if kind in ("sh", "bash", "console")]
    lines = [line for body in shell for line in body.replace("\\\n", " ").splitlines()]
    lines += INLINE.findall(FENCE.sub("", text))
    for line in lines:
        match = re.match(r"^(?:\$ )?(?:\w+=\S+ )*(?:build/release/)?(\./dev|qaio) (\S.*)$", line)
        if not match:
            continue
        try:
            words = shlex.split(match[2], comments=True)
        except ValueError:
            words = match[2].split()
        for stop in ("|", ">", "&&", "&", ";"):
            words = words[:words.index(stop)] if stop in words else words
        yield match[1], words


@functools.lru_cache(maxsize=None)
def qaio_help(*command):
    result = subprocess.run([os.environ["QAIO_BINARY"], *command, "--help"],
                            capture_output=True, text=True)
    return result.stdout if result.returncode == 0 else ""


class Docs(unittest.TestCase):
    def each(self):
        for path in DOCS:
            yield path, path.read_text()

    def test_the_expected_documents_exist(self):
        for name in ("README.md", "README.zh-CN.md", "HACKING.md", "CHANGELOG.md", "LICENSE"):
            self.assertTrue((project.ROOT / name).is_file(), name)

    def test_links(self):
        missing = []
        for path, text in self.each():
            for target in LINK.findall(FENCE.sub("", text)):
                file = target.split("#")[0]
                if file and not re.match(r"^[a-z]+:", file) and not (path.parent / file).exists():
                    missing.append(f"{project.relative(path)}: {target}")
        self.assertEqual(missing, [])

    def test_paths(self):
        top = {path.relative_to(project.ROOT).parts[0] for path in project.files("**/*")}
        known_paths = ["/" + project.relative(path) for path in project.files("**/*")]
        layers = {path.name for path in (project.ROOT / "src").iterdir()}
        missing = []
        for path, text in self.each():
            for name in INLINE.findall(FENCE.sub("", text)):
                file = FILE.match(name) and name not in USER_FILES
                first = name.lstrip("./").split("/")[0]
                inside = first in top or (first in layers and "." in name)
                if not file and not (PATH.match(name) and inside):
                    continue
                here = any((place / name).exists() for place in (path.parent, project.ROOT))
                tail = "/" + name.removeprefix("./")
                if not here and not any(known.endswith(tail) for known in known_paths):
                    missing.append(f"{project.relative(path)}: {name}")
        self.assertEqual(missing, [])

    def test_dev_commands(self):
        known = set(re.findall(r"^cmd_(\S+)\(\)", (project.ROOT / "dev").read_text(), re.M))
        missing = [f"{project.relative(path)}: ./dev {words[0]}"
                   for path, text in self.each()
                   for program, words in command_lines(text)
                   if program == "./dev" and words[0] not in known]
        self.assertEqual(missing, [])

    def test_qaio_commands_and_options(self):
        missing = []
        for path, text in self.each():
            for program, words in command_lines(text):
                serve = program == "./dev" and words[0] == "serve"
                if program != "qaio" and not serve:
                    continue
                command = "" if words[0].startswith("-") else words[0]
                help_text = qaio_help(*words[:2]) if command == "keys" else qaio_help(
                    *([command] if command else []))
                if not help_text:
                    missing.append(f"{project.relative(path)}: qaio {command}")
                options = [word.split("=")[0] for word in words if re.match(r"^--[a-z]", word)]
                missing += [f"{project.relative(path)}: qaio {command} {option}"
                            for option in options
                            if not re.search(rf"(?<![\w-]){option}(?![\w-])", help_text)]
        self.assertEqual(missing, [])


if __name__ == "__main__":
    unittest.main()
