"""Expressions and blocks of the template language with what Python's jinja2 makes of them in Hugging
Face's environment, one JSON object a line. Usage: expressions.py"""

import datetime
import json
import unicodedata

import jinja2
from jinja2.ext import loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment

NOW = 1785492000
# Title case of these has an iota below behind another mark, which this program puts last.
OTHER_ORDER = "\u1fb7\u1fc7\u1ff7"

EXPRESSIONS = r"""
'ÄÖÜ straße'|upper
'ÄÖÜ STRASSE İI'|lower
'ﬁnd ΌΣΟΣ ΑΣ'|capitalize
'ΌΣΟΣ ΑΣ Σ'|lower
'你好 wORLD'|title
'hello-world (foo) [bar] <baz> it''s'|title
"it's o'neil"|title
"it's they're ab1cd Äöü".title()
'ŉ ǆ ß'.title()
'ß'.upper() + 'ŉ'.upper() + 'ΐ'.upper()
'éCOLE'.capitalize()
'abc'|reverse
'你好a'|reverse
[1, 2, 3]|reverse|list
''|reverse
{'b': 1, 'a': [1, {'x': none}]}|tojson
{'b': 1, 'a': [1, {'x': none}]}|tojson(indent=2)
{'b': 1, 'a': [1, {'x': none}]}|tojson(indent=0)
{'b': 1, 'a': [1, {'x': none}]}|tojson(indent='--')
{'b': 1, 'a': [1, {'x': none}]}|tojson(indent=none)
{'b': 1, 'a': [1, {'x': none}]}|tojson(separators=(',', ':'))
{'b': 1, 'a': [1, {'x': none}]}|tojson(indent=4, separators=(';', '=>'), sort_keys=true)
{'b': 1, 'a': {'d': 1, 'c': 2}}|tojson(sort_keys=true)
{'b': [], 'c': {}, 'd': ''}|tojson(indent=2)
'é你😀\x7f\n\t"\\/\x01'|tojson
'é你😀\x7f\n\t"\\/\x01'|tojson(ensure_ascii=true)
'é你😀'|tojson(true)
'é'|tojson(false, 2)
[1.0, 1e3, 0.1, true, none, -3]|tojson
1.5|tojson
'12'|int
' +12 '|int
'1_000'|int
'_1'|int
'3.7'|int
'x'|int
'x'|int(7)
'x'|int(default=none)
3.9|int
-3.9|int
true|int
none|int(5)
[]|int
'1e3'|int
'3.5'|float
'x'|float
'x'|float(1.5)
'x'|float(default='q')
'1e3'|float
' -2.5 '|float
3|float
none|float
2.5|round
3.5|round
-2.5|round
2.675|round(2)
42.55|round(1)
42.55|round(1, 'ceil')
42.55|round(1, method='floor')
42.55|round(precision=0, method='floor')
7|round
7|round(2)
7.0|round
1234.5678|round(2)
-3|abs
-3.5|abs
-1|abs
1 - -1|abs
-2 ** 2
2 ** 3
2 ** -1
2 ** 3 ** 2
[3, 1, 2]|sort
[3, 1, 2]|sort(reverse=true)
['b', 'A', 'c']|sort
['b', 'A', 'c', 'a', 'B']|sort
['b', 'A', 'c']|sort(case_sensitive=true)
['b', 'A', 'c']|sort(true)
[{'n': 2}, {'n': 1}]|sort(attribute='n')
[{'n': {'m': 2}}, {'n': {'m': 1}}]|sort(attribute='n.m')
[[2, 'a'], [1, 'b'], [1, 'a']]|sort
[1, 'a']|sort
[none, none]|sort
[none]|sort
[]|sort
'hello'|sort
{'b': 1, 'A': 3, 'c': 2}|dictsort|map('join')|list
{'b': 1, 'A': 3, 'c': 2}|dictsort(true)|map('join')|list
{'b': 1, 'A': 3, 'c': 2}|dictsort(by='value')|map('join')|list
{'b': 1, 'A': 3, 'c': 2}|dictsort(false, 'value', true)|map('join')|list
{'b': 1, 'A': 3, 'c': 2}|dictsort(reverse=true)|map('join')|list
['a', 'A', 'b', 'a']|unique|list
['a', 'A', 'b', 'a']|unique(case_sensitive=true)|list
[1, 1.0, true, 2, none, none]|unique|list
[{'k': 1}, {'k': 1}, {'k': 2}]|unique(attribute='k')|list
'a\nb\n\nc'|indent
'a\nb\n\nc'|indent(2)
'a\nb\n\nc'|indent(2, true)
'a\nb\n\nc'|indent(2, first=true, blank=true)
'a\nb\n'|indent(width='> ')
''|indent
'a\r\nb'|indent(2)
[0, 1, '', 'a']|select|list
[0, 1, '', 'a']|reject|list
[1, 2, 3, 4]|select('odd')|list
[1, 2, 3, 4]|reject('even')|list
[1, 2, 3, 4]|select('>', 2)|list
[1, 2, 3, 4]|select('divisibleby', 2)|list
[1, 2, 3, 4]|select('in', [1, 4])|list
[1, none, 'a']|select('string')|list
[1, none, 'a']|reject('none')|list
[{'a': 1}, {'a': 2}]|selectattr('a', '==', 2)|list
[{'a': 1}, {'a': 2}]|rejectattr('a', 'ge', 2)|list
[{'a': 1}, {'b': 2}]|selectattr('a', 'defined')|list
[{'a': {'b': 1}}, {'a': {'b': 0}}]|selectattr('a.b')|list
[{'a': 1}, {'b': 2}]|map(attribute='a', default='-')|list
[{'a': {'b': 1}}]|map(attribute='a.b')|list
[' a ', 'b ']|map('trim')|list
['a', 'b']|map('upper')|join(', ')
['ab', 'cb']|map('replace', 'b', 'x')|list
['1', 'x']|map('int', default=-1)|list
[[1, 2], [3]]|map('length')|list
[[1, 2], [3]]|map('first')|list
[1, 3, 2]|max
[1, 3, 2]|min
['b', 'A']|min
['b', 'A']|max(case_sensitive=true)
[{'n': 2}, {'n': 1}]|min(attribute='n')
[]|max
[1, 2, 3]|sum
[1, 2.5]|sum
[{'n': 2}, {'n': 1}]|sum(attribute='n')
[1]|sum(start=10)
[]|sum
['a', 'b']|join
[{'n': 'a'}, {'n': 'b'}]|join('-', attribute='n')
['a', 1, none]|join('|')
'abc'.startswith('ab')
'abc'.startswith(('x', 'ab'))
'abc'.startswith(('x', 'y'))
'abc'.startswith(())
'abc'.endswith(('bc', 'q'))
'abc'.startswith(1)
'ab' * 3
3 * 'ab'
'ab' * 0
'ab' * -1
[1, 'a'] * 2
2 * []
'a' * 2.0
'a\nb\r\nc\rd\x0be\u2028f'.splitlines()
'a\nb\r\n\nc\n'.splitlines(true)
'a\nb'.splitlines(keepends=true)
''.splitlines()
'a,b,c'.rsplit(',')
'a,b,c'.rsplit(',', 1)
'a,b,c'.rsplit(',', maxsplit=1)
' a  b c '.rsplit()
' a  b c '.rsplit(none, 1)
'abc'.rsplit(',')
''.rsplit(',')
''.rsplit()
' a  b c '.split(none, 1)
'a,b,c'.split(sep=',', maxsplit=1)
'aXbXc'.replace('X', '-', 1)
'aXbXc'|replace('X', '-')
'aXbXc'|replace('X', '-', 1)
'aXbXc'|replace('X', '-', count=1)
'aXbXc'|replace(old='X', new='-')
'aXb'.replace('X', '-', 0)
'banana'.count('an')
'banana'.count('')
'banana'.rfind('an')
'banana'.rfind('x')
'你好你'.rfind('你')
', '.join(['a', 'b'])
''.join('abc')
','.join([1])
1 < 2 < 3
1 < 3 < 2
3 > 2 >= 2 == 2
1 < 2 in [2, 3]
1 in [1] == true
1 == 1.0 == true
'a' < 'b' < 'c'
[1, 2] < [1, 3]
[1] < [1, 0] <= [1, 0]
1 < 'a'
none < 1
not 1 < 2 < 3
4 is divisibleby 2
4 is divisibleby(3)
4 is not divisibleby 3
3 is odd and 4 is even
3 is in [1, 3]
3 is eq 3
3 is ne 3
3 is gt 2 and 3 is lt 4
3 is ge(3) and 3 is le(3)
3 is greaterthan 2
range is callable
strftime_now is defined
strftime_now is callable
raise_exception is defined and namespace is defined and dict is defined
nosuch is defined
strftime_now('%Y-%m-%d %H:%M:%S %j %% %d %B %Y %A')
strftime_now(format='%d %b %Y')
strftime_now('')
dict(a=1)
dict({'a': 1}, b=2)
dict(a=1)|length
namespace({'a': 1}).a
['it\'s', 'a"b', 'a"b\'c', 'x\ny', '\\', '\x00\x7f', 'é']
{'it\'s': 'é'}
{'a': 1}.get('a') ~ {'a': 1}.get('b', 'c') ~ {'a': 1}.get(1, 'd')
{'a': 1, 'b': 2}.keys()|list ~ {'a': 1, 'b': 2}.values()|list
'abc'|first ~ 'abc'|last
'  ab '|trim ~ 'xabx'|trim('x') ~ 'xabx'|trim(chars='x')
'xabx'.strip('x') ~ 'xabx'.lstrip('x') ~ 'xabx'.rstrip('x')
none|default('a') ~ nosuch|default(default_value='b') ~ ''|default('c', boolean=true)
'abc'|tojson(nosuch=1)
'abc'|upper(nosuch=1)
'abc'|trim(nosuch=1)
'abc'|join(nosuch=1)
'abc'|length(1)
'abc'.upper(1)
'abc'.split(nosuch=1)
range(1, nosuch=1)
1 is odd(1)
nosuch|tojson
true|string ~ 1.0|string ~ none|string
7 // 2 ~ -7 // 2 ~ 7 % -3 ~ 7.5 % 2
1 // 0
2 + 3 ~ 'a'
'a' ~ 1 + 2
(1, 'a')[1]
[1, 2, 3][1:]|first
'b' in {'b': 1} and 'x' not in 'abc'
"""

BLOCKS = [
    "{% raw %}{{ x }} {% if %}{# c #}{% endraw %}|",
    "a\n  {% raw %}\n  {{ x }}\n  {% endraw %}\nb",
    "a\n  {%- raw -%}\n  {{ x }}\n  {%- endraw -%}\nb",
    "a {%+ raw %} x {%+ endraw +%}\nb",
    "{% raw %}{% raw %}{% endraw %}",
    "{%raw%}1{%endraw%}",
    "{% for x in [1, 2, 3] %}{{ loop.cycle('a', 'b') }}{% endfor %}",
    "{% for x in [1, 2] %}{% for y in [1, 2, 3] %}{{ loop.cycle(x, 'b', 'c') }}{% endfor %}"
    "{{ loop.cycle('-', '+') }}{% endfor %}",
    "{% for x in [1, 2] %}{{ loop.depth }}{{ loop.depth0 }}{% endfor %}",
    "{% for x in [1] %}{{ loop.cycle() }}{% endfor %}",
    "{% macro m(a, b=2) %}{{ a }}{{ b }}{% endmacro %}{{ m(1) }}{{ m(b=3, a=4) }}{{ m() }}",
    "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(1, 2) }}",
    "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(b=1) }}",
    "{% for k, v in {'b': 1, 'a': 2}|dictsort %}{{ k }}{{ v }}{% endfor %}",
    "{% for k, v in {'b': 1}|items %}{{ k }}{{ v }}{% endfor %}",
    "{% set x = [1, 2]|map('string')|list + ['3'] %}{{ x|join }}",
    "{% if strftime_now is defined %}{{ strftime_now('%d %b %Y') }}{% else %}26 Jul 2024{% endif %}",
    "{% if strftime_now %}yes{% endif %}{{ strftime_now is undefined }}",
    "{%- set ns = namespace(found=false, n=0) %}{% for x in 'abc' %}{% set ns.n = ns.n + 1 %}"
    "{% endfor %}{{ ns.n }}{{ ns.found }}",
    "{{ raise_exception('no') }}",
]
LETTERS = ["upper", "lower", "title", "capitalize"]


def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators,
                      sort_keys=sort_keys)


def refuse(message):
    raise jinja2.TemplateError(message)


def environment():
    env = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True,
                                        extensions=[loopcontrols])
    env.filters["tojson"] = tojson
    env.globals["raise_exception"] = refuse
    env.globals["strftime_now"] = (
        lambda format: datetime.datetime.fromtimestamp(NOW).strftime(format))
    return env


def main():
    env = environment()
    sources = [("{{ %s }}" % line, {}) for line in EXPRESSIONS.strip().split("\n")]
    sources += [(block, {}) for block in BLOCKS]
    # Every character that is assigned in the oldest Unicode data among those who compare.
    every = [chr(c) for c in range(0x20, 0x30000)
             if unicodedata.category(chr(c)) not in ("Cn", "Cs", "Co")
             and chr(c).isalpha() and chr(c) not in OTHER_ORDER]
    changed = [c for c in every if (c.upper(), c.lower(), c.title()) != (c, c, c)]
    for way in ["upper()", "lower()", "title()"]:
        sources.append(("{%% for c in text %%}{{ c.%s }}{%% endfor %%}" % way,
                        {"text": "".join(changed)}))
    for text in ["ΣΑΣ ΑΣ. Σ ΑΣ'Α ΑΣ' Σ1", "ŐRÜLT ŞAŞKIN İSTANBUL", "ПРИВЕТ мир", "ÇA VA?",
                 "中文ABC的", "ǅabc ǅ", "a\u0345b", "Ǆ ǈ ﬃ ﬆ և", "x\u02bcN", "O\u2019NEIL"]:
        for way in LETTERS:
            sources.append(("{{ text|%s }}" % way, {"text": text}))
            sources.append(("{{ text.%s() }}" % way, {"text": text}))
    for source, variables in sources:
        try:
            expected = env.from_string(source).render(**variables)
        except Exception:  # whatever Python raises, it is no prompt
            expected = None
        print(json.dumps({"source": source, "variables": variables, "now": NOW,
                          "expected": expected}, ensure_ascii=False))


if __name__ == "__main__":
    main()
