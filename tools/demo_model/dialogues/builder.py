"""Builds single exchanges and whole dialogues from the data modules."""
from . import noise
from .grammar import expand, expansions, held_out, normalize, parse_events, parse_talk, reserved

EVENT_HELD = 4      # percent of event phrases kept for the test split, in whatever frame
USER_HELD = 8       # percent of whole user turns kept for the test split
TRIES = 2000
# Categories whose good news deserve congratulations, and whose bad news hurt rather than annoy.
ACHIEVEMENTS = {"work", "study", "sport", "money", "health", "family", "love"}
SORROWS = {"health", "family", "love", "friends", "pets", "sleep", "fun"}


class Exchange:
    """One user turn with its reply and what follow-ups need to know."""

    def __init__(self, user, reply, group=None, mood=None, intent=None, bound=None):
        self.user, self.reply = user, reply
        self.group, self.mood, self.intent, self.bound = group, mood, intent, bound

    @property
    def turn(self):
        return self.user, self.reply


class Language:
    """All data of one language plus the exchange builders."""

    def __init__(self, code, events, talks, lexicon, follow):
        self.code, self.events_module, self.lexicon, self.follow = code, events, lexicon, follow
        self.events = {}
        for mood in ("POSITIVE", "NEGATIVE", "NEUTRAL"):
            self.events[mood] = parse_events(getattr(events, mood))
        self.intents = [intent for text in talks for intent in parse_talk(text)]
        self.by_name = {intent.name: intent for intent in self.intents}
        self.weights = [intent.weight for intent in self.intents]
        # Phrasings marked ">!": so common that they always stay in the training split.
        self.common = {normalize(phrasing) for intent in self.intents for template, holdable in intent.users
                       if not holdable for phrasing in expansions(template)}
        # Added to a reply that would be too short.
        self.filler = {"POSITIVE": events.OPEN_JOY[:2], "NEGATIVE": events.FILLER, "NEUTRAL": events.FILLER}
        # Groups are drawn by breadth: a group with more phrases comes up more often.
        self.group_weights = {mood: [1.0 + len(group.phrases) for group in groups]
                              for mood, (groups, _) in self.events.items()}
        zh = code == "zh"
        self.typo = noise.typo_zh if zh else noise.typo_en
        self.punctuate = noise.punctuate_zh if zh else noise.punctuate_en
        self.clean = noise.clean_zh if zh else noise.clean_en
        self.shortest, self.limit = (10, 45) if zh else (6, 30)     # size of an event reply

    # -- helpers -----------------------------------------------------------
    def size(self, text):
        return len(text) if self.code == "zh" else len(text.split())

    def for_test(self, user):
        """True if a whole user turn is kept for the test split."""
        return held_out(user, USER_HELD) and normalize(user) not in self.common

    def fill(self, template, rng, bound=None):
        return self.clean(expand(template, rng, self.lexicon, bound))

    def say(self, templates, rng, bound=None):
        """A later user turn; avoids phrasings kept for the test split."""
        bound = {} if bound is None else bound
        for _ in range(20):
            slots = dict(bound)
            user = expand(rng.choice(templates), rng, self.lexicon, slots)
            if not self.for_test(user):
                break
        bound.update(slots)
        return self.punctuate(user, rng)

    # -- events ------------------------------------------------------------
    def frame(self, phrase, kind, mood, rng):
        """Puts an event phrase into a whole user utterance."""
        data = self.events_module
        zh = self.code == "zh"
        comma, negative = ("," if zh else ", "), mood == "NEGATIVE"
        feels = data.FEEL_NEG if negative else data.FEEL_POS
        leads = data.LEAD_NEG if negative else data.LEAD_POS
        times = data.TIME_SUBJECT if zh and kind == "-" else data.TIME_NEG if negative else data.TIME
        core = phrase
        timed = kind in (">", "-") and mood != "NEUTRAL"
        if timed and rng.random() < (0.3 if kind == "-" else 0.5):
            time = rng.choice(times)
            if zh:
                if not phrase.startswith(("今", "昨", "明", "终于", "又", "一直", "最近", "周末", "早", "晚", "刚")):
                    core = time + phrase
            elif not phrase.endswith(("today", "again", "night", "morning", "week", "yesterday", "day", "Friday off")):
                core = f"{phrase} {time}" if rng.random() < 0.8 else f"{time}, {phrase}"
        if zh and kind == ">" and rng.random() < 0.4 and not core.startswith("我"):
            core = "我" + core
        if zh and rng.random() < 0.15 and core[-1] not in "呢啊呀":
            core += rng.choice(["啊", "呀", "啦", "哦", "呢", "诶"] if not negative else ["啊", "呀", "唉", "呜呜", "诶"])
        if kind == "=" or mood == "NEUTRAL":
            return core if rng.random() < 0.85 or mood == "NEUTRAL" else rng.choice(leads) + comma + core
        roll = rng.random()
        feel = rng.choice(feels)
        if roll < 0.36:
            return core
        if roll < 0.68:
            joint = comma if zh or rng.random() < 0.75 else rng.choice([". ", "! ", " and "])
            return core + joint + feel
        if roll < 0.78:
            return feel + (comma if zh or rng.random() < 0.5 else "! ") + core
        if roll < 0.93:
            return rng.choice(leads) + comma + core
        return rng.choice(leads) + comma + core + comma + feel

    def event(self, rng, split, mood=None):
        mood = mood or rng.choices(("POSITIVE", "NEGATIVE", "NEUTRAL"), (46, 48, 6 if split == "train" else 0))[0]
        groups, tails = self.events[mood]
        for _ in range(TRIES):
            group = rng.choices(groups, self.group_weights[mood])[0]
            template, kind = rng.choice(group.phrases)
            bound = {}
            phrase = expand(template, rng, self.lexicon, bound).strip()
            if self.code == "zh":
                phrase = self.clean(phrase)
            if split == "train":
                phrase = self.typo(phrase, rng)
            if split is not None and held_out(phrase, EVENT_HELD) != (split == "test"):
                continue
            asks = mood == "NEGATIVE" and rng.random() < 0.1
            user = self.frame(phrase, kind, mood, rng) if not asks else phrase + rng.choice(self.events_module.ASK)
            user = self.punctuate(user, rng)
            if reserved(user) or split is not None and self.for_test(user) != (split == "test"):
                continue
            advice = self.steps(group) if asks else group.tails or tails[group.category]
            reply = self.event_reply(group, advice, mood, rng, bound, certain=asks)
            return Exchange(user, reply, group, mood, bound=bound)
        raise RuntimeError("no event phrase for this split")

    def mixed(self, rng, split):
        """A sentence with one good and one bad event."""
        second = rng.choice(("POSITIVE", "NEGATIVE"))
        first = "NEGATIVE" if second == "POSITIVE" else "POSITIVE"
        while True:
            phrases = []
            for mood in (first, second):
                groups, _ = self.events[mood]
                templates = [phrase for group in groups if group.category not in SORROWS
                             for phrase, kind in group.phrases if kind != "="]
                phrases.append(expand(rng.choice(templates), rng, self.lexicon).strip())
            joint, reply = rng.choice(self.events_module.MIXED[second])
            user = self.punctuate(phrases[0] + joint + phrases[1], rng)
            if split is None or self.for_test(user) == (split == "test"):
                return Exchange(user, self.clean(reply), mood="MIXED")

    def opener(self, group, mood, comment, rng):
        """An opening phrase that fits the event and does not repeat the comment."""
        data = self.events_module
        if mood == "NEUTRAL":
            return ""
        if mood == "POSITIVE":
            pool = data.OPEN_POS if group.category in ACHIEVEMENTS else data.OPEN_JOY
        else:
            pool = data.OPEN_SAD if group.category in SORROWS else data.OPEN_NEG
        opener = rng.choice(pool)
        if self.code == "zh":
            core = opener.rstrip(",。!")
            words = [core[i:i + 2] for i in range(len(core) - 1)]
            return "" if any(word in comment for word in words) else opener
        words = {word.strip(".,!").lower() for word in opener.split() if len(word) > 4}
        return "" if any(word in comment.lower() for word in words) else opener

    def event_reply(self, group, tails, mood, rng, bound=None, certain=False):
        """Opener, comment and a tail; the last is left out at times unless ``certain``."""
        joint = "" if self.code == "zh" else " "
        tails = list(tails)
        rng.shuffle(tails)
        comment = rng.choice(group.comments)
        parts = [self.opener(group, mood, comment, rng), comment]
        if certain or rng.random() < (0.9 if mood == "NEGATIVE" else 0.6):
            parts.append(tails.pop())
        parts = [self.fill(part, rng, bound) for part in parts if part]
        while self.size(joint.join(parts)) > self.limit:
            parts = parts[1:]
        while self.size(joint.join(parts)) < self.shortest:
            parts.append(self.fill(tails.pop(), rng, bound) if tails else self.fill(rng.choice(self.filler[mood]), rng))
        return self.clean(joint.join(parts))

    def steps(self, group):
        options = self.events_module.NEXT_STEP
        return group.steps or options.get(group.category, options["fun"])

    def next_step(self, event, rng):
        """What to do after the event; not what its reply already said."""
        steps = [self.fill(step, rng, event.bound) for step in self.steps(event.group)]
        return rng.choice([step for step in steps if step not in event.reply] or self.events_module.FILLER)

    # -- small talk --------------------------------------------------------
    def bind(self, intent, rng):
        return dict(zip(intent.columns, rng.choice(intent.rows))) if intent.rows else {}

    def talk(self, rng, split, name=None):
        """One small-talk exchange of any intent or of the one named."""
        for _ in range(TRIES):
            intent = self.by_name[name] if name else rng.choices(self.intents, self.weights)[0]
            template, _ = rng.choice(intent.users)
            bound = self.bind(intent, rng)
            user = expand(template, rng, self.lexicon, bound)
            if split == "train":
                user = self.typo(user, rng)
            if reserved(user) or split is not None and self.for_test(user) != (split == "test"):
                continue
            reply = self.fill(rng.choice(intent.replies), rng, bound)
            return Exchange(self.punctuate(user, rng), reply, intent=intent, bound=bound)
        raise RuntimeError(f"no phrasing of {name} for split {split}")
