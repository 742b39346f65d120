"""English constructions by kind. Most frames serve both labels, so that the word in
them decides and not the frame; a `P:`/`N:` frame has its counterpart nearby."""
from . import contrast, degree, event, negation, opinion

TEMPLATES = "\n".join(part.TEMPLATES for part in (negation, degree, contrast, opinion, event))

# `<name+>` in a template is one of these; `<name->` the same with all signs turned.
MACROS = {
    "clause": """
{t} (is|was) {a+}
{t} (is|was) {deg} {a+}
{t} {p+}
{t} {p+}
it {p+}
it (is|was) {a+}
I {v+} {t}
{e+}
{e+}
""",
    "noun": """
{i+}
{i+}
a {a+} (experience|surprise|choice|thing|idea)
pure {n+}
the {est+} thing around
""",
}
