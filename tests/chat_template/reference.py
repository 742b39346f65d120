"""The same conversations through Python's jinja2, for which chat templates are written: fails where it
renders something else than the lines say, which then have to be looked at.
Usage: reference.py TEMPLATE LINES"""

import json
import sys

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment


def refuse(message):
    raise jinja2.TemplateError(message)


def main(template_path, lines_path):
    environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
    environment.globals["raise_exception"] = refuse
    with open(template_path, encoding="utf-8") as file:
        template = environment.from_string(file.read())
    different = 0
    with open(lines_path, encoding="utf-8") as file:
        for line in file:
            case = json.loads(line)
            try:
                said = {} if case["think"] is None else {"enable_thinking": case["think"]}
                rendered = template.render(messages=case["messages"], add_generation_prompt=True,
                                           tools=None, documents=None, eos_token="<|im_end|>",
                                           **said)
            except jinja2.TemplateError:
                rendered = None
            if rendered != case["expected"]:
                different += 1
                print(json.dumps([case, rendered], ensure_ascii=False)[:600])
    return different


if __name__ == "__main__":
    sys.exit(1 if main(*sys.argv[1:]) else 0)
