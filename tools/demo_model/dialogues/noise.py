"""Surface variation of user turns and cleaning of assistant turns."""
import re

_CJK = "\u4e00-\u9fff"
_FULL = {",": "\uff0c", "!": "\uff01", "?": "\uff1f", ";": "\uff1b", ":": "\uff1a"}
_HALF = {value: key for key, value in _FULL.items()} | {"\u3002": "."}
_ZH_TYPOS = [("的", "得"), ("得", "的"), ("在", "再"), ("再", "在"), ("他", "她"), ("做", "作"), ("已经", "已今"),
             ("怎么", "咋"), ("什么", "啥"), ("非常", "飞常"), ("觉得", "觉的"), ("没有", "没"), ("这么", "这莫"),
             ("喜欢", "喜欢喜欢"), ("吗", "嘛"), ("吧", "把")]
_EN_SHORT = [("you", "u"), ("are", "r"), ("please", "pls"), ("thanks", "thx"), ("because", "cuz"), ("really", "rly"),
             ("what", "wat"), ("the", "teh"), ("going to", "gonna"), ("want to", "wanna"), ("and", "n")]


def clean_zh(text):
    """Full-width punctuation next to Chinese text, no doubled particles."""
    text = re.sub(rf"(?<=[{_CJK}”》)])([,!?;:])|([,!?;:])(?=[{_CJK}“《])",
                  lambda m: _FULL[m.group(1) or m.group(2)], text)
    return re.sub(r"了了", "了", text).strip()


def clean_en(text):
    """Single spaces, capital first letter, final punctuation."""
    text = re.sub(r"\s+", " ", text).strip()
    text = re.sub(r"(^|[.!?] )([a-z])", lambda m: m.group(1) + m.group(2).upper(), text)
    return text


def typo_zh(text, rng):
    if len(text) < 4 or rng.random() > 0.05:
        return text
    options = [pair for pair in _ZH_TYPOS if pair[0] in text]
    if options and rng.random() < 0.7:
        old, new = rng.choice(options)
        return text.replace(old, new, 1)
    if text.endswith("了"):
        return text[:-1]
    index = rng.randrange(1, len(text) - 1)
    return text[:index] + text[index] + text[index:] if "\u4e00" <= text[index] <= "\u9fff" else text


def typo_en(text, rng):
    if rng.random() < 0.06:
        text = text.replace("'", "")
    if len(text) < 8 or rng.random() > 0.08:
        return text
    options = [p for p in _EN_SHORT if re.search(rf"\b{p[0]}\b", text)]
    if options and rng.random() < 0.5:
        old, new = rng.choice(options)
        return re.sub(rf"\b{old}\b", new, text, count=1)
    letters = [i for i in range(1, len(text) - 2) if text[i:i + 2].isalpha()]
    if not letters:
        return text
    i = rng.choice(letters)
    kind = rng.random()
    if kind < 0.4:
        return text[:i] + text[i + 1] + text[i] + text[i + 2:]
    return text[:i] + text[i + 1:] if kind < 0.7 else text[:i] + text[i] + text[i:]


def punctuate_zh(text, rng):
    """Random punctuation style; never changes letters."""
    text = clean_zh(text)
    roll = rng.random()
    if text[-1] not in "!?。！？~…":
        text += rng.choice(["", "", "", "。", "。", "！", "！", "！！", "~", "…", "。。", "!", "!!", " ", "。。。"])
    elif roll < 0.3:
        text = text[:-1] + rng.choice(["", "", text[-1] * 2])
    roll = rng.random()
    if roll < 0.25:
        text = "".join(_HALF.get(char, char) for char in text)
    elif roll < 0.33:
        text = text.replace("，", " ")
    return text.strip()


def punctuate_en(text, rng):
    text = re.sub(r"\s+", " ", text).strip()
    if text[-1] not in ".!?~":
        text += rng.choice(["", "", "", ".", ".", ".", "!", "!", "!!", "...", "!!!"])
    elif rng.random() < 0.3:
        text = text[:-1] + rng.choice(["", "", text[-1] * 2])
    roll = rng.random()
    if roll < 0.45:
        return text[0].upper() + text[1:]
    if roll < 0.55:
        return text.lower().replace(",", "")
    if roll < 0.8:
        return text.lower()
    if roll < 0.83:
        return text.upper()
    return re.sub(r"\bi\b", "I", text[0].upper() + text[1:])
