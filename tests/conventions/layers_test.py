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
    "stats": ["base"],
    "net": ["base"],
    "config": ["base"],
    "load": ["base"],
    "record": ["base", "trace"],
    "access": ["base", "config", "trace", "record"],
    "archive": ["base", "trace", "record"],
    "slo": ["base", "trace", "record", "stats", "net", "config"],
    "telemetry": ["base", "trace", "access", "record", "stats", "net", "slo"],
    "report": ["base", "trace", "load", "record", "stats", "slo"],
    "engine": ["base", "kernels", "model", "text", "trace"],
    "tasks": ["base", "config", "model", "text", "trace", "engine"],
    "server/http": ["base", "trace", "access", "record", "telemetry"],
    "server/page": ["base", "access", "server/http"],
    "server/observe": ["base", "trace", "access", "record", "archive", "slo", "telemetry", "report",
                       "server/http"],
    "server/api": ["base", "access", "model", "text", "trace", "engine", "tasks", "record",
                   "server/http", "server/observe"],
    "app": ["base", "config", "access", "kernels", "model", "trace", "engine", "tasks", "record", "archive", "slo",
            "telemetry", "server/http", "server/page", "server/observe",
            "server/api"],
    "cli": ["base", "access", "kernels", "weights", "model", "text", "trace", "stats", "tasks", "record",
            "archive", "slo", "telemetry", "report", "server/http", "server/page",
            "server/observe", "server/api", "load", "app"],
}
# What a folder's tests and fuzz targets may use beside that.
ALLOWED_IN_TESTS = {"report": ["archive"], "server/api": ["config"],
                    "server/observe": ["server/api"]}
# Libraries that only some layers may know.
CONFINED = {
    "boost/beast": ["server/http", "server/api", "load", "cli"],
    "boost/asio": ["server/http", "server/api", "load", "cli", "net"],
    "openssl/ssl.h": ["server/http", "load"],
    "sqlite3.h": ["archive"],
    "prometheus/": ["telemetry", "slo"],
    "curl/": ["net"],
    "toml++/": ["config"],
    "CLI/": ["app", "cli"],
}
LINES_SHARE_MAX = 0.1  # of all lines under src/, in one folder
INCLUDE = re.compile(r'^\s*#\s*include\s+(?:"([^"]+)"|<([^>]+)>)', re.M)




def layer_of(path):
    """The folder under src/ that a file or an include "folder/file.h" lies in."""
    return "/".join(str(path).split("/")[:-1])


class Layers(unittest.TestCase):
    def test_every_folder_is_a_known_layer(self):
        folders = {layer_of(path.relative_to(project.ROOT / "src"))
                   for path in project.files("src/**/*.h", "src/**/*.cpp")}
        self.assertEqual(folders ^ set(ALLOWED), set())

    def test_there_is_no_circle(self):
        """Each layer may use only those listed before it."""
        before = set()
        for layer, allowed in ALLOWED.items():
            self.assertLessEqual(set(allowed), before, layer)
            before.add(layer)

    def test_includes_point_downward(self):
        faults = []
        for path in project.files("src/**/*.h", "src/**/*.cpp", "src/**/*.inc"):
            layer = layer_of(path.relative_to(project.ROOT / "src"))
            allowed = [layer, *ALLOWED[layer]]
            if re.search(r"_(for_test|test|fuzz)\.", path.name):
                allowed += ALLOWED_IN_TESTS.get(layer, [])
            for own, system in INCLUDE.findall(path.read_text()):
                target = layer_of(own)
                if own and target not in ALLOWED:
                    faults.append(f'{project.relative(path)}: write "{own}" as "layer/file.h"')
                elif own and target not in allowed:
                    faults.append(f"{project.relative(path)}: {layer} may not include {own}")
                for prefix, layers in CONFINED.items():
                    if system.startswith(prefix) and layer not in layers:
                        faults.append(f"{project.relative(path)}: {layer} may not know {system}")
        self.assertEqual(faults, [])

    def test_no_folder_outgrows_the_others(self):
        lines = {}
        for path in project.files("src/**/*.h", "src/**/*.cpp", "src/**/*.inc"):
            layer = layer_of(path.relative_to(project.ROOT / "src"))
            lines[layer] = lines.get(layer, 0) + path.read_text().count("\n")
        most = max(lines, key=lines.get)
        self.assertLessEqual(lines[most], LINES_SHARE_MAX * sum(lines.values()), most)


if __name__ == "__main__":
    unittest.main()
