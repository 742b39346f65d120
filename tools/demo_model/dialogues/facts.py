"""Simple facts."""
ZH = """
# capital 3
@ a b
: 中国,北京; 法国,巴黎; 日本,东京
> <a>的首都是{哪里|哪儿|什么}?
< <a>的首都是<b>。
"""
EN = """
# capital 3
@ a b
: China,Beijing; France,Paris; Japan,Tokyo
> what is the capital of <a>?
< The capital of <a> is <b>.
"""
