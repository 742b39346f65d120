"""English grammar for the generator: which entry fits where, comparison, agreement."""
import re

from . import lexicon_en

VOWELS = "aeiou"
# Entries with a degree, article or comparison of their own ("so mean", "a joke",
# "worse than ever") follow a verb or a noun, nothing else.
LOADED = re.compile(r"^(?:a|an|the|so|super|very|too|way|really|pretty|much|deeply|beyond|worse|"
                    r"better|best|worst|full of|far from|no|not|always|on|off|out of|pissed)\b|"
                    r"\b(?:than ever|again|every day|as ever|as always|as can be|in a bad way|late)$")
# Entries with a complement do not stand before a noun.
TRAILING = re.compile(r" (?:to|with|from|for|in|on|at|of|by|as|and|right|than)\b|"
                      r"^(?:on|off|at|in|under|over|up)\b")
OPEN = re.compile(r"(?:^|[,.:!?-] |\} |\b(?:is|was|isn't|wasn't|are|am|be|been|and|but|or|yet|seems?|"
                  r"seemed|feel|feels|felt|feeling|it|me|us|them|today|anything) )$")
NEGATED = re.compile(r"(?:n't|\b(?:not|never|no longer|hardly)) $")
ATTRIBUTE = re.compile(r"\b(?:an?|the|most|no|single|another) $")
NOUN_NEXT = re.compile(r" (?:old |bad )?(?:weather|days?|week|reviews?|ones?|things?|people|minute|way|"
                       r"part|beginning|start|side|looks|cover|moments?|surprises?|morning|service)\b")
BARE = re.compile(r"(?!am |can|could|won't|would|don't|do |have |wish|fell |gave |want |feel |so |"
                  r"really|truly|totally|simply|gladly|warmly|highly|thank |\w+ed\b)")
BARE_ONLY = re.compile(r"\b(?:do not|don't|didn't|never|to|still|really|once|no longer|now|can|not|"
                       r"\w+n't|always|will|could|would|why|ever|(?:do|did|would) I|"
                       r"can you not) $")
REFUSING = re.compile(r"(?:won't|would not|don't|want|wish|am not|have a problem)\b")
FIRST_PERSON = re.compile(r"\bI\b")
OBJECT = re.compile(r"\b(?:to|of|with|told|tell|for|from|asked|ask|like|let|made|make|makes|left|by) $")


def fits(slot: str, word: str, before: str, after: str) -> bool:
    """Whether a lexicon entry may stand between these parts of a template."""
    before = re.sub(r"^.*\{deg\} $", "very ", before)
    if slot in ("a", "f"):
        if LOADED.search(word) and (NOUN_NEXT.match(after) or not OPEN.search(before)
                                    or NEGATED.search(before)):
            return False
        if word.startswith("like ") and not re.search(r"\bfe(?:el|els|lt|eling) $", before):
            return False
        return not (TRAILING.search(word)
                    and (ATTRIBUTE.search(before) or NOUN_NEXT.match(after)))
    if slot == "v":
        if BARE_ONLY.search(before) and not BARE.match(word):
            return word.startswith("am ") and re.search(r"\b(?:don't|do not|still|now|why) $",
                                                        before) is not None
        return not (re.match(r" (?:everything|it all|all of)", after) and REFUSING.match(word))
    if slot == "i":
        return not re.search(r"\b(?:what|such|quite) $", before) or word.startswith(("a ", "an "))
    if slot == "who" and word in ("I", "we"):
        return not (OBJECT.search(before) or FIRST_PERSON.search(before + after))
    return True


# --- comparison -------------------------------------------------------------------

IRREGULAR = {"good": ("better", "best"), "bad": ("worse", "worst"), "well": None}
NOT_COMPARED = set("""lit ace bomb junk trash off top swell fake dead torn burnt burned stained
cracked chipped packed raw crap fun sick ill lame fine late blessed loved sound grand worse
limp spoiled tired bored cringe drab shot warped damp dry tight prompt
neat sour central dire trusty faulty loyal worthy ghastly stale super prime""".split())


def _stem(word: str):
    """How `word` begins before -er and -est, or None if it takes `more`."""
    if not word.isalpha() or word in NOT_COMPARED or word.endswith(("ed", "ing", "ful", "ous")):
        return None
    groups = len(re.findall(r"[aeiouy]+", word[:-1] if word.endswith("e") else word))
    if word.endswith("y") and groups == 2 and word[-2] not in VOWELS:
        return word[:-1] + "i"
    if groups != 1:
        return None
    if word.endswith("e"):
        return word[:-1]
    if re.search(r"[^aeiou][aeiou][bdgmnpt]$", word):
        return word + word[-1]
    return word


def comparative(word: str):
    if word in IRREGULAR:
        return IRREGULAR[word] and IRREGULAR[word][0]
    stem = _stem(word)
    return stem and stem + "er"


def superlative(word: str):
    if word in IRREGULAR:
        return IRREGULAR[word] and IRREGULAR[word][1]
    stem = _stem(word)
    return stem and stem + "est"


# --- agreement --------------------------------------------------------------------

PLURAL_VERB = {"is": "are", "was": "were", "isn't": "aren't", "wasn't": "weren't", "has": "have",
               "hasn't": "haven't", "does": "do", "doesn't": "don't"}


def _nouns():
    return [w.strip() for d in lexicon_en.DOMAINS.values() for w in d["t"].split("/")]


def _predicate_verbs() -> set:
    """Third-person verbs that begin a predicate or follow a target in a template."""
    verbs = {"seems", "feels", "looks", "gets", "keeps", "never", "deserves", "remains", "stays",
             "sounds", "makes", "turns", "leaves", "works", "fails", "disappoints", "lacks"}
    for d in lexicon_en.DOMAINS.values():
        for p in (d["pp"] + "/" + d["pn"]).split("/"):
            words = p.split()
            at = 1 if words[0] in ("always", "never", "finally") else 0
            if at < len(words) and words[at].endswith("s"):
                verbs.add(words[at])
    return verbs - {"was", "is", "has", "does", "never", "us", "loses"}


PLURALS = "|".join(sorted({w for w in _nouns() if w.split()[0] in ("these", "those")
                           or w.endswith(("shoes", "headphones", "fries", "tacos", "noodles",
                                          "coworkers"))}
                          | {"my friends", "my kids", "my colleagues", "people"}))
SINGULARS = "my wife|my husband|everyone|my mom|my dad|my sister|our whole family|my roommate|my brother"
VERBS_S = "|".join(sorted(_predicate_verbs() | set(PLURAL_VERB), key=len, reverse=True))
ADVERBS = r"(?:(?:always|never|still|really|finally|only|just|also|simply|truly|both|all|even) )?"
AFTER_PLURAL = re.compile(rf"\b((?:{PLURALS}|we) {ADVERBS})({VERBS_S})\b", re.IGNORECASE)
BEFORE_PLURAL = re.compile(rf"\b(is|was|isn't|wasn't|does|has)( (?:{PLURALS}|we))\b", re.IGNORECASE)
AFTER_SINGULAR = re.compile(
    rf"(?<!made )(?<!make )(?<!makes )(?<!let )(?<!did )(?<!do )(?<!does )(?<!can )(?<!if )"
    rf"\b((?:{SINGULARS}) (?:(?:always|never|still|really|no longer|both) )?)"
    rf"(were|are|feel|look|seem|find|think|consider|say|call|agree|have|want|love|hate)\b",
    re.IGNORECASE)
THIRD = {"were": "was", "are": "is", "have": "has"}
AFTER_I = re.compile(r"(?<!if )\bI (is|are|were|isn't|has|seems|looks|feels)\b")
FIRST = {"is": "am", "are": "am", "were": "was", "isn't": "am not", "has": "have"}


def _plural(verb: str) -> str:
    if verb in PLURAL_VERB:
        return PLURAL_VERB[verb]
    if re.search(r"(?:ss|sh|ch|x|o)es$", verb):
        return verb[:-2]
    if verb.endswith("ies"):
        return verb[:-3] + "y"
    return verb[:-1]


def agree(text: str) -> str:
    """Makes verbs agree with the subjects that the lists put before them."""
    text = AFTER_PLURAL.sub(lambda m: m[1] + _plural(m[2]), text)
    text = BEFORE_PLURAL.sub(lambda m: _plural(m[1]) + m[2], text)
    text = AFTER_SINGULAR.sub(lambda m: m[1] + THIRD.get(m[2], m[2] + "s"), text)
    return AFTER_I.sub(lambda m: "I " + FIRST.get(m[1], m[1][:-1]), text)
