"""Tiny template language shared by all dialogue data modules.

Templates
    {a|b|}     one alternative is chosen (may nest, may be empty)
    <name>     a slot: a value bound earlier in the same exchange, else a
               value drawn from the lexicon (and then bound for the reply)

Talk blocks (``parse_talk``), separated by blank lines::

    # intent-name weight
    @ country capital              optional: rows bind several slots at once
    : France,Paris; Japan,Tokyo
    > user template                (">!" = never held out for the test split)
    < assistant reply
    ? answer to "why?"
    * answer to "tell me more"

Event blocks (``parse_events``)::

    ## category
    + advice or tail valid for the whole category

    > event phrase                 ("-" = own subject, "=" = no time word either)
    < comment on this event
    + advice for this event
    ! answer to "what should I do?" (else NEXT_STEP of the category)
"""
import hashlib
import re
from dataclasses import dataclass, field

_ALT = re.compile(r"\{([^{}]*)\}")
_SLOT = re.compile(r"<([a-z_0-9]+)>")
_STRIP = re.compile(r"[\W_]+")

# Reserved for the project's own evaluation: never generated as a user turn.
RESERVED = ("今天被领导表扬了心情超好", "排队两小时还卖完了气死我了")


def expand(template, rng, lexicon=None, bound=None):
    """Expands one template; slots drawn here are stored in ``bound``."""
    bound = {} if bound is None else bound
    while True:
        match = _ALT.search(template)
        if not match:
            break
        options = match.group(1).split("|")
        template = template[:match.start()] + rng.choice(options) + template[match.end():]

    def slot(match):
        name = match.group(1)
        if name not in bound:
            bound[name] = rng.choice(lexicon[name])
        return bound[name]

    return _SLOT.sub(slot, template)


def normalize(text):
    """Lower-case text without punctuation or spaces: the identity of a phrasing."""
    return _STRIP.sub("", text.lower())


def held_out(text, percent):
    """True if this phrasing belongs to the test split (fixed, seeded by hash)."""
    digest = hashlib.sha256(b"qaio-dialogues-1:" + normalize(text).encode()).digest()
    return int.from_bytes(digest[:4], "big") % 100 < percent


def reserved(text):
    norm = normalize(text)
    return any(item in norm for item in RESERVED)


@dataclass
class Intent:
    name: str
    weight: float
    users: list = field(default_factory=list)      # (template, may_be_held_out)
    replies: list = field(default_factory=list)
    why: list = field(default_factory=list)
    more: list = field(default_factory=list)
    columns: list = field(default_factory=list)
    rows: list = field(default_factory=list)


@dataclass
class EventGroup:
    category: str
    phrases: list = field(default_factory=list)    # (template, kind)
    comments: list = field(default_factory=list)
    tails: list = field(default_factory=list)
    steps: list = field(default_factory=list)


def _lines(text):
    for number, line in enumerate(text.splitlines(), 1):
        yield number, line.strip()


def parse_talk(text):
    intents = []
    for number, line in _lines(text):
        if not line:
            continue
        mark, _, body = line.partition(" ")
        if mark == "#":
            name, weight = body.split()
            intents.append(Intent(name, float(weight)))
            continue
        current = intents[-1]
        if mark in (">", ">!"):
            current.users.append((body, mark == ">"))
        elif mark == "<":
            current.replies.append(body)
        elif mark == "?":
            current.why.append(body)
        elif mark == "*":
            current.more.append(body)
        elif mark == "@":
            current.columns = body.split()
        elif mark == ":":
            rows = [row.strip() for row in body.split(";") if row.strip()]
            current.rows += [[cell.strip() for cell in row.split(",")] for row in rows]
        else:
            raise ValueError(f"line {number}: unknown mark {mark!r}")
    for intent in intents:
        if not intent.users or not intent.replies:
            raise ValueError(f"intent {intent.name} is incomplete")
        if any(len(row) != len(intent.columns) for row in intent.rows):
            raise ValueError(f"intent {intent.name} has a bad row")
    return intents


def parse_events(text):
    """Returns (groups, {category: tails})."""
    groups, tails, category, group = [], {}, None, None
    for number, line in _lines(text):
        if not line:
            group = None
            continue
        mark, _, body = line.partition(" ")
        if mark == "##":
            category, group = body, None
            tails.setdefault(category, [])
        elif mark == "+":
            (group.tails if group else tails[category]).append(body)
        elif mark in (">", "-", "="):
            if group is None:
                group = EventGroup(category)
                groups.append(group)
            group.phrases.append((body, mark))
        elif mark == "<":
            group.comments.append(body)
        elif mark == "!":
            group.steps.append(body)
        else:
            raise ValueError(f"line {number}: unknown mark {mark!r}")
    for item in groups:
        if not item.phrases or not item.comments:
            raise ValueError(f"event group {item.phrases} is incomplete")
    return groups, tails


def expansions(template):
    """All expansions of a template without slots."""
    match = _ALT.search(template)
    if not match:
        yield template
        return
    for option in match.group(1).split("|"):
        yield from expansions(template[:match.start()] + option + template[match.end():])
