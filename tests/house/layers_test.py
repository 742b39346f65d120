"""Includes point only downward: each layer may use only the layers listed for it."""

import re
import unittest

import project

ALLOWED = {
    "base": [],
    "kernels": ["base"],
    "weights": ["base", "kernels"],
    "text": ["base"],
    "trace": ["base"],
    "model": ["base", "kernels", "weights", "text"],
    "observe": ["base", "trace"],
    "engine": ["base", "kernels", "model", "text", "trace"],
    "tasks": ["base", "model", "text", "trace", "engine"],
    "server": ["base", "model", "text", "trace", "engine", "tasks", "observe"],
    "load": ["base"],
    "cli": ["base", "kernels", "weights", "model", "text", "trace", "engine", "tasks", "observe",
            "server", "load"],
}
# Libraries that only some layers may know.
CONFINED = {
    "boost/beast": ["server", "load", "cli"],
    "boost/asio": ["server", "load", "cli", "observe"],
    "sqlite3.h": ["observe"],
    "prometheus/": ["observe"],
    "curl/": ["observe"],
    "CLI/": ["cli"],
}
INCLUDE = re.compile(r'^\s*#\s*include\s+(?:"([^"]+)"|<([^>]+)>)', re.M)


class Layers(unittest.TestCase):
    def test_every_folder_is_a_known_layer(self):
        folders = {path.relative_to(project.ROOT).parts[1] for path in project.files("src/*/*")}
        self.assertEqual(folders - set(ALLOWED), set())

    def test_includes_point_downward(self):
        faults = []
        for path in project.files("src/**/*.h", "src/**/*.cpp", "src/**/*.inc"):
            layer = path.relative_to(project.ROOT).parts[1]
            for own, system in INCLUDE.findall(path.read_text()):
                target = own.split("/")[0]
                if own and target not in ALLOWED:
                    faults.append(f'{project.relative(path)}: write "{own}" as "layer/file.h"')
                elif own and target != layer and target not in ALLOWED[layer]:
                    faults.append(f"{project.relative(path)}: {layer} may not include {own}")
                for prefix, layers in CONFINED.items():
                    if system.startswith(prefix) and layer not in layers:
                        faults.append(f"{project.relative(path)}: {layer} may not know {system}")
        self.assertEqual(faults, [])


if __name__ == "__main__":
    unittest.main()
