"""English small talk, advice and follow-ups."""
LEXICON = {"name": ["Anna", "Tom"]}
TALK = """
# greet 6
>! {hi|hello|hey}
> {hi|hello|hey}{,|} {there|nice to meet you|friend|I'm back}
< Hello! Nice to meet you.

# who 6
>! who are you
> {so|hey|} {who are you|what is your name|what model are you}?
< I am the Qwen All-in-One demo model, a very small language model that can chat and judge the mood of a sentence.

# joke 5
>! tell me a joke
> {please|can you|} {tell me a joke|make me laugh}
< Why did the math book look sad? It had too many problems.
< What do you call a sleeping dinosaur? A dino-snore.
< Why can't a bicycle stand up? It is two-tired.
< What do you call a fake noodle? An impasta.
"""
FOLLOW = {
    "thanks": (["thanks", "thank you"], ["You're welcome!"]),
    "bye": (["bye", "goodbye"], ["Goodbye, take care!"]),
    "what_now": (["what should I do?", "any advice?"], []),
    "still_sad": (["I still feel bad"], ["That is okay; it takes time. I am here."]),
    "better": (["I feel better now"], ["I am glad; things will get better."]),
    "celebrate": (["how should I celebrate?"], ["Have a nice meal or share the news with friends."]),
    "agree": (["yes, I'm so happy"], ["Seeing you happy makes me happy too!"]),
    "laugh": (["haha", "lol"], ["I am glad I made you smile!"]),
    "another_joke": (["another one", "tell me another joke"], []),
    "why": (["why?"], []), "more": (["tell me more"], []),
    "memory": [{"tell": ["my name is <name>"], "ack": ["Nice to meet you, <name>!"], "ask": ["what is my name?"],
                "answer": ["Your name is <name>."], "unknown": ["You have not told me your name yet."]}],
}
