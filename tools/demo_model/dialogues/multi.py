"""Whole dialogues: single exchanges, follow-ups and short-term memory."""


def build(language, rng, split):
    kinds, weights = zip(*(SHAPES if split == "train" else TEST_SHAPES))
    return rng.choices(kinds, weights)[0](language, rng, split)


def _rest(split):
    """Only the first turn of a test dialogue must be held out."""
    return "train" if split == "train" else None


def _pair(language, rng, name):
    """A turn from a follow-up pool: FOLLOW[name] = (user templates, replies)."""
    users, replies = language.follow[name]
    bound = {}
    user = language.say(users, rng, bound)
    return user, language.fill(rng.choice(replies), rng, bound)


def _ending(language, rng, chance=0.4):
    """Possibly a closing thanks and/or goodbye."""
    turns = []
    if rng.random() < chance:
        turns.append(_pair(language, rng, "thanks"))
    if rng.random() < chance * 0.5:
        turns.append(_pair(language, rng, "bye"))
    return turns


def single_event(language, rng, split):
    return [language.event(rng, split).turn]


def single_talk(language, rng, split):
    return [language.talk(rng, split).turn]


def mixed_event(language, rng, split):
    return [language.mixed(rng, split).turn]


def invited(language, rng, split):
    """The assistant asks how the day was, or offers to listen; the user tells."""
    name = rng.choice(("greet", "greet_evening", "chat_me", "listen", "how_are_you"))
    turns = [language.talk(rng, _rest(split), name).turn]
    if rng.random() < 0.15:
        turns.append(language.talk(rng, _rest(split), "im_fine").turn)
    event = language.event(rng, _rest(split), rng.choice(("POSITIVE", "NEGATIVE")))
    turns.append(event.turn)
    if event.mood == "NEGATIVE" and rng.random() < 0.4:
        turns.append((language.say(language.follow["what_now"][0], rng), language.next_step(event, rng)))
    return turns + _ending(language, rng)


def offered_joke(language, rng, split):
    """A bored user accepts the joke the assistant offers."""
    for _ in range(200):
        first = language.talk(rng, _rest(split), "bored")
        if any(word in first.reply for word in ("笑话", "joke")):
            break
    joke = language.fill(rng.choice(language.by_name["joke"].replies), rng)
    turns = [first.turn, (language.say(language.follow["yes_joke"][0], rng), joke)]
    if rng.random() < 0.5:
        turns.append(_pair(language, rng, "laugh"))
    return turns + _ending(language, rng, 0.2)


def event_follow(language, rng, split):
    first = language.event(rng, split, rng.choice(("POSITIVE", "NEGATIVE", "NEGATIVE")))
    turns = [first.turn]
    if first.mood == "NEGATIVE":
        roll = rng.random()
        if roll < 0.6:
            users, _ = language.follow["what_now"]
            turns.append((language.say(users, rng), language.next_step(first, rng)))
        elif roll < 0.8:
            turns.append(_pair(language, rng, "still_sad"))
        else:
            turns.append(_pair(language, rng, "better"))
    else:
        turns.append(_pair(language, rng, rng.choice(("celebrate", "agree", "agree"))))
    return turns + _ending(language, rng)


def talk_follow(language, rng, split):
    """Small talk or advice, then "why?" or "tell me more"."""
    for _ in range(200):
        first = language.talk(rng, split)
        if first.intent.why or first.intent.more:
            break
    else:
        return [first.turn]
    turns = [first.turn]
    steps = [step for step in ("why", "more") if getattr(first.intent, step)]
    rng.shuffle(steps)
    for step in steps[:rng.choice((1, 1, 2))]:
        users, _ = language.follow[step]
        answer = language.fill(rng.choice(getattr(first.intent, step)), rng, first.bound)
        turns.append((language.say(users, rng), answer))
    return turns + _ending(language, rng)


def talk_thanks(language, rng, split):
    turns = [language.talk(rng, split).turn, _pair(language, rng, "thanks")]
    return turns + ([_pair(language, rng, "bye")] if rng.random() < 0.2 else [])


def jokes(language, rng, split):
    first = language.talk(rng, _rest(split), "joke")
    turns = [first.turn]
    said = {first.reply}
    for _ in range(rng.choice((1, 1, 2))):
        if rng.random() < 0.3:
            turns.append(_pair(language, rng, "laugh"))
        users, _ = language.follow["another_joke"]
        options = [joke for joke in language.by_name["joke"].replies if language.clean(joke) not in said]
        joke = language.fill(rng.choice(options), rng)
        said.add(joke)
        turns.append((language.say(users, rng), joke))
    if rng.random() < 0.4:
        turns.append(_pair(language, rng, rng.choice(("laugh", "thanks"))))
    return turns


def chain(language, rng, split):
    """A greeting, one or two unrelated exchanges, perhaps a goodbye."""
    turns = [language.talk(rng, _rest(split), "greet").turn] if rng.random() < 0.6 else []
    for _ in range(rng.choice((1, 2, 2))):
        turns.append((language.event if rng.random() < 0.5 else language.talk)(rng, _rest(split)).turn)
    return turns + _ending(language, rng, 0.5)


def memory(language, rng, split):
    """The user states one or two facts and asks for them later."""
    known = language.follow["memory"]
    slots = rng.sample(known, min(len(known), rng.choice((1, 1, 1, 2))))
    turns, asks = [], []
    if rng.random() < 0.2:
        turns.append(language.talk(rng, _rest(split), "greet").turn)
    for slot in slots:
        bound = {}
        user = language.say(slot["tell"], rng, bound)
        turns.append((user, language.fill(rng.choice(slot["ack"]), rng, bound)))
        asks.append((slot, bound))
    for _ in range(rng.choice((0, 0, 1, 1, 2)) if len(slots) == 1 else rng.choice((0, 1))):
        turns.append((language.event if rng.random() < 0.4 else language.talk)(rng, _rest(split)).turn)
    rng.shuffle(asks)
    for slot, bound in asks:
        user = language.say(slot["ask"], rng, dict(bound))
        turns.append((user, language.fill(rng.choice(slot["answer"]), rng, bound)))
    return turns + (_ending(language, rng, 0.3) if len(turns) < 5 else [])


def not_told(language, rng, split):
    """Asking for something the user never said."""
    slot = rng.choice(language.follow["memory"])
    turns = [language.talk(rng, _rest(split), "greet").turn] if rng.random() < 0.3 else []
    user = language.say(slot["ask"], rng)
    turns.append((user, language.fill(rng.choice(slot["unknown"]), rng)))
    if rng.random() < 0.4:
        bound = {}
        user = language.say(slot["tell"], rng, bound)
        turns.append((user, language.fill(rng.choice(slot["ack"]), rng, bound)))
        user = language.say(slot["ask"], rng, dict(bound))
        turns.append((user, language.fill(rng.choice(slot["answer"]), rng, bound)))
    return turns


SHAPES = [
    (single_event, 34), (single_talk, 33), (event_follow, 9), (talk_follow, 6), (talk_thanks, 2),
    (mixed_event, 2), (invited, 4), (offered_joke, 0.7),
    (jokes, 2), (chain, 4), (memory, 9), (not_told, 1),
]
# Shapes whose opening turn is always held out in the test split.
TEST_SHAPES = [(shape, weight) for shape, weight in SHAPES
               if shape in (single_event, mixed_event, single_talk, event_follow, talk_follow, talk_thanks)]
