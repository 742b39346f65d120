"""Chat training material: the dialogue corpus plus replies to felt sentences."""
import itertools
import random

SYSTEM = "You are a helpful assistant."
# Mostly the agreed prompt; a few others so that a changed prompt degrades gracefully.
OTHER_SYSTEMS = [
    "You are a helpful assistant", "You are a friendly assistant.", "你是一个乐于助人的助手。",
    "你是一个有用的助手。", "You are Qwen, a helpful assistant.", "你是一个友好的聊天助手。",
    "You are a helpful, respectful and honest assistant.", "Answer briefly.", "",
]

REPLIES = {
    ("zh", 1): [
        "太好了!真为你高兴。", "听起来真不错,替你开心!", "哇,真棒!好好享受这份好心情吧。",
        "这真是个好消息,为你高兴!", "真好!希望你每天都这么开心。", "听你这么说我也很开心!",
        "太棒了!能和我多说说吗?", "真为你感到开心,继续保持好心情!", "好心情会传染,我也跟着开心起来了!",
    ],
    ("zh", 0): [
        "听起来真让人难受,抱抱你。", "遇到这种事确实很烦,别太放在心上。", "我理解你的心情,想跟我多说说吗?",
        "真糟糕,希望事情很快好起来。", "别难过,先深呼吸,休息一下再想办法。", "唉,换谁都会不高兴的,我陪你聊聊吧。",
        "辛苦你了,希望明天会更好。", "这确实让人失望,你还好吗?", "抱抱你,不开心的时候可以跟我说。",
    ],
    ("zh", "success"): [
        "恭喜恭喜!你的努力得到了回报,真为你高兴!", "太棒了,恭喜你!今天值得好好庆祝一下。",
        "恭喜你!这都是你努力的结果,继续加油!", "哇,恭喜!真替你开心,你太厉害了!",
        "真是好消息,恭喜你!打算怎么庆祝呢?", "恭喜你!付出总会有回报,心情一定特别好吧!",
    ],
    ("zh", "mishap"): [
        "唉,遇到这种事真让人生气,消消气,别气坏了身体。", "这也太倒霉了,抱抱你,希望事情尽快解决。",
        "听起来太糟心了,先冷静一下,看看有没有补救的办法。", "真替你难过,需要我陪你说说话吗?",
        "别太难过了,事情总会过去的,照顾好自己。", "确实让人生气,换作是我也会不高兴的。",
    ],
    ("en", 1): [
        "That's great! I'm happy for you.", "That sounds wonderful! Tell me more.", "I'm so glad to hear that!",
        "How nice! Enjoy the good mood.", "That's lovely to hear!", "Awesome! I hope the rest of your day is just as good.",
        "That sounds really good. I'm glad you liked it!",
    ],
    ("en", 0): [
        "I'm sorry to hear that.", "That sounds frustrating. I hope it gets better soon.",
        "Oh no, that must feel bad. Do you want to talk about it?", "I understand why you feel that way. I'm here to listen.",
        "That's a pity. I hope tomorrow is a better day.", "I'm sorry it went like that. Take a deep breath.",
    ],
    ("en", "success"): [
        "Congratulations! You must be so happy.", "Congratulations! Your hard work paid off.",
        "That's great news, congratulations! How will you celebrate?", "Wow, well done! I'm really happy for you.",
    ],
    ("en", "mishap"): [
        "I'm so sorry that happened. I hope things get better soon.", "Oh no, that's terrible. Are you okay?",
        "That must be really upsetting. Is there anything I can do to help?", "What bad luck! I hope it gets sorted out soon.",
    ],
}


def reaction(lang: str, generator, rng: random.Random) -> list:
    """One turn: a sentence with feeling and a fitting reply."""
    label = rng.randrange(2)
    text, template, domain = generator.draw(rng, label)
    kind = label
    if "{e+}" in template and "{e-}" not in template:
        if label and domain in ("work", "school"):
            kind = "success"
        elif not label:
            kind = "mishap"
    reply = rng.choice(REPLIES[lang, kind])
    if lang == "zh":
        reply = reply.replace(",", "\uff0c").replace("!", "\uff01").replace("?", "\uff1f")
    return [(text, reply)]


def stub(rng: random.Random, count: int, split: str):
    """Stands in for the dialogue corpus while it is missing."""
    known = [[("你好", "你好!有什么可以帮你的吗?"), ("谢谢", "不客气!")],
             [("Hello", "Hello! How can I help you?"), ("Thanks", "You're welcome!")]]
    for _ in range(count):
        yield rng.choice(known)


def dialogues(rng: random.Random, split: str):
    """An endless stream of dialogues, drawn in batches from the corpus."""
    try:
        from dialogues import generate
    except ImportError:
        generate = stub
    return itertools.chain.from_iterable(
        generate(random.Random(rng.getrandbits(32)), 64, split) for _ in itertools.count())


def event(lang: str, rng: random.Random, label: int):
    """A user sentence of the dialogue corpus that reports something good or bad."""
    try:
        from dialogues import CHINESE, ENGLISH
    except ImportError:
        return None
    mood = "POSITIVE" if label else "NEGATIVE"
    return (CHINESE if lang == "zh" else ENGLISH).event(rng, "train", mood).user


def system_prompt(rng: random.Random) -> str:
    return SYSTEM if rng.random() < 0.85 else rng.choice(OTHER_SYSTEMS)
