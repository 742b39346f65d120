#include <gmock/gmock.h>

#include "tasks/jinja_parser.h"
#include "tasks/jinja_renderer.h"

namespace qaio::jinja {
namespace {

using testing::HasSubstr;

Value message(std::string role, std::string content) {
  Dict dict;
  dict.set("role", Value::of_template(std::move(role)));
  dict.set("content", Value::of_message(std::move(content)));
  return Value(std::move(dict));
}

Result<MarkedText> render_source(std::string_view source) {
  QAIO_ASSIGN(const std::vector<Statement> program, parse(source));
  Dict variables;
  variables.set(
      "messages",
      Value(List{message("system", "Be\u3000brief. "), message("user", "  h\u00e9llo\u3000\n"),
                 message("assistant", "<think>\n\nwhy\n</think>\n\n A\u3000")}));
  return render(program, std::move(variables), 1'785'492'000);
}

// What Python's jinja2 3.1.6 renders with Hugging Face's settings.
constexpr struct {
  std::string_view source, expected;
} kCases[] = {
    {R"j({{ messages|length }} {{ 'a' ~ 1 ~ true ~ none ~ 1.5 }} {{ 7 // 2 }} {{ 7 % 4 }} {{ -7 // 2 }} {{ 7 / 2 }} {{ 2 + 3 * 4 - 1 }})j",
     R"j(3 a1TrueNone1.5 3 3 -4 3.5 13)j"},
    {R"j({% for m in messages %}
  {{ m.role }}:{{ loop.index0 }}{{ loop.last }}
{% endfor %}
)j",
     R"j(  system:0False
  user:1False
  assistant:2True
)j"},
    {R"j(  {%- if true -%}
  x 
 {%- endif %}
 y {%+ if true %} z{% endif %}
)j",
     R"j(x y  z)j"},
    {R"j({# comment #}
line
   {# indented #}
  end)j",
     R"j(line
  end)j"},
    {R"j(a
{% set x = 5 %}
b{{ x }}

)j",
     R"j(a
b5
)j"},
    {R"j({{ messages[-1].content.split('</think>')[-1].lstrip('\n') }}|)j", R"j( A　|)j"},
    {R"j({{ messages[2].content.split('</think>')[0].rstrip('\n').split('<think>')[-1].lstrip('\n') }}|)j",
     R"j(why|)j"},
    {R"j([{{ messages[1].content|trim }}][{{ messages[0].content.strip() }}][{{ messages[1].content.rstrip('\n') }}])j",
     R"j([héllo][Be　brief.][  héllo　])j"},
    {R"j({{ messages[::-1]|map(attribute='role')|join(',') }} {{ messages[1:][0].role }} {{ 'héllo'[1:3] }} {{ 'abc'[::-1] }} {{ 'abc'[-1] }})j",
     R"j(assistant,user,system user él cba c)j"},
    {R"j({% set ns = namespace(n=0) %}{% for m in messages %}{% set ns.n = ns.n + 1 %}{% set y = 1 %}{% endfor %}{{ ns.n }}{{ y is defined }})j",
     R"j(3False)j"},
    {R"j({% if x is defined %}a{% elif messages[0]['role'] == 'system' %}b{% else %}c{% endif %})j",
     R"j(b)j"},
    {R"j({{ x|default('d') }}{{ ''|default('e', true) }}{{ none|default('f') }})j", R"j(deNone)j"},
    {R"j({% macro m(a, b='B') %}<{{ a }}{{ b }}>{% endmacro %}{{ m('x') }}{{ m('y', b='z') }}{{ m(1)|length }})j",
     R"j(<xB><yz>4)j"},
    {R"j({% for k, v in {'a': 1, 'b': [1, 'x', none, true]}.items() %}{{ k }}={{ v }};{% endfor %})j",
     R"j(a=1;b=[1, 'x', None, True];)j"},
    {R"j({{ {'a': 1, 'b': [1, 'x\u00e9"', none, true]}|tojson }})j",
     R"j({"a": 1, "b": [1, "xé\"", null, true]})j"},
    {R"j({{ 'a' in 'abc' }} {{ 'x' not in messages[0] }} {{ 'role' in messages[0] }} {{ 3 in [1,2] }})j",
     R"j(True True True False)j"},
    {R"j({{ messages|selectattr('role', 'equalto', 'user')|list|length }} {{ messages|rejectattr('role', 'in', ['user', 'system'])|map(attribute='role')|first }})j",
     R"j(1 assistant)j"},
    {R"j({% for m in messages if m.role != 'user' %}{{ loop.index }}{{ m.role }}{% else %}none{% endfor %}{% for m in [] %}x{% else %}none{% endfor %})j",
     R"j(1system2assistantnone)j"},
    {R"j({{ 'yes' if messages else 'no' }}{{ 'x' if false }}{{ not true or false and true }})j",
     R"j(yesFalse)j"},
    {R"j({{ 1 < 2 and 'a' < 'b' }} {{ 1 == 1.0 }} {{ 'a' == 1 }} {{ [1] == [1] }} {{ none == false }})j",
     R"j(True True False True False)j"},
    {R"j({% set block %}in {{ 1 }} side{% endset %}[{{ block }}])j", R"j([in 1 side])j"},
    {R"j({{ messages[9] is defined }} {{ messages[0].nothing is undefined }} [{{ messages[0].nothing }}] {{ messages is iterable and messages is not mapping }} {{ 'a' is string }})j",
     R"j(False True [] True True)j"},
    {R"j({% for i in range(3) %}{% if i == 1 %}{% continue %}{% endif %}{{ i }}{% endfor %}{% for i in range(9) %}{% if i == 2 %}{% break %}{% endif %}{{ i }}{% endfor %}{{ range(5, 0, -2)|list }})j",
     R"j(0201[5, 3, 1])j"},
    {R"j({{ 'a,b,,c'.split(',') }} {{ ' a  b '.split() }} {{ 'a b c'.split(' ', 1) }} {{ 'aXbX'.replace('X', '-') }})j",
     R"j(['a', 'b', '', 'c'] ['a', 'b'] ['a', 'b c'] a-b-)j"},
    {R"j({{ 'Abc'.upper() }}{{ 'ABC'|lower }}{{ 'abC'|capitalize }}{{ 'abc'.startswith('ab') }}{{ 'abc'.endswith('ab') }}{{ 'abc'.find('c') }})j",
     R"j(ABCabcAbcTrueFalse2)j"},
    {R"j({{ messages[0].get('role') }} {{ messages[0].get('x') }} {{ messages[0].get('x', 'y') }} {{ messages[0].keys()|list }})j",
     R"j(system None y ['role', 'content'])j"},
    {R"j({{ loop is defined }}{% for m in messages %}{{ loop.previtem.role if loop.previtem is defined else '-' }}>{{ loop.nextitem.role if loop.nextitem is defined else '-' }} {% endfor %})j",
     R"j(False->user system>assistant user>- )j"},
    {R"j({% set messages = messages[1:] %}{{ messages[0].role }}{% if true %}{% set q = 3 %}{% endif %}{{ q }})j",
     R"j(user3)j"},
    {R"j({{ "\x41\u00e9\t'" }}{{ 'a' 'b' }}{{ [1, 'a'] + [2] }}{{ 10000000000 * 3 }})j",
     R"j(Aé	'ab[1, 'a', 2]30000000000)j"},
    {R"j({{ '{{ not a tag }}' }}{{ {'a': {'b': 1}}.a.b }}{{ {'a': {'b': 1}}['a'].b }})j",
     R"j({{ not a tag }}11)j"},
};

TEST(Jinja, RendersAsPythonDoes) {
  for (const auto& [source, expected] : kCases) {
    const auto rendered = render_source(source);
    ASSERT_TRUE(rendered) << source << "\n" << rendered.error().message;
    EXPECT_EQ(rendered->text, expected) << source;
    EXPECT_EQ(rendered->origins.size(), rendered->text.size()) << source;
  }
}

TEST(Jinja, EveryByteKnowsWhoWroteIt) {
  const auto origins = [](std::string_view source) {
    const auto rendered = render_source(source);
    EXPECT_TRUE(rendered) << rendered.error().message;
    return rendered ? rendered->origins : std::string();
  };
  EXPECT_EQ(origins("ab{{ 'c' }}"), "ttt");
  EXPECT_EQ(origins("{{ '<' + messages[0].content[:2] + '>' }}"), "tmmt");
  EXPECT_EQ(origins("{{ messages[1].content|trim }}"), "mmmmmm");
  EXPECT_EQ(origins("{{ messages[0].content.replace('e', '<e>')[:4] }}"), "mttt");
  EXPECT_EQ(origins("{% set x %}a{{ messages[0].content[0] }}{% endset %}{{ x ~ x }}"), "tmtm");
  EXPECT_EQ(origins("{% macro m(t) %}a{{ t }}{% endmacro %}{{ m(messages[0].content[0]) }}"), "tm");
  EXPECT_EQ(origins("{{ messages[0].content[:1]|tojson }}"), "mmm");
}

TEST(Jinja, SaysWhatItDoesNotSupport) {
  constexpr struct {
    std::string_view source, reason;
  } kRefused[] = {
      {"{% include 'x' %}", "line 1: the tag {% include %}"},
      {"a\nb{{ x|nosuch }}", "line 2: the filter 'nosuch'"},
      {"{{ x is nosuch }}", "the test 'nosuch'"},
      {"{{ x.nosuch() }}", "the method 'nosuch'"},
      {"{{ nosuch() }}", "'nosuch' is not a function"},
      {"{{ 1", "a tag without an end"},
      {"{{ 'a }}", "a string without an end"},
      {"{# a", "a comment without an end"},
      {"{% if true %}", "expected {% endif %}"},
      {"{% endif %}", "'endif' stands without its beginning"},
      {"{% for x in messages %}{% endif %}", "expected {% endfor %}"},
      {"{% break %}", "outside a loop"},
      {"{{ ? }}", "an unexpected character"},
      {"{{ x. }}", "expected a name"},
      {"{{ + }}", "expected a value"},
      {"{{ 1 2 }}", "expected '}}'"},
      {"{{ x.y }}", "'y' is asked of something undefined"},
      {"{{ messages + 'x' }}", "'+' is given a list and a text"},
      {"{{ 'a' + none }}", "'+' is given a text and none"},
      {"{{ 1 // 0 }}", "a division by 0"},
      {"{% for x in 5 %}{% endfor %}", "the loop is given a number"},
      {"{{ {}|tojson(compact=true) }}", "the filter 'tojson' has no argument 'compact'"},
      {"{{ 'a'|trim('a', 'b') }}", "the filter 'trim' is given 2 arguments, of which it takes 1"},
      {"{{ 'a'|trim('a', chars='b') }}", "is given its argument 'chars' twice"},
      {"{{ 'a'|upper(locale='tr') }}", "the filter 'upper' has no argument 'locale'"},
      {"{{ 'a'.split(sep=',', regex=true) }}", "the method 'split' has no argument 'regex'"},
      {"{{ 1 is odd(2) }}", "the test 'odd' is given 1 arguments"},
      {"{{ 'a' is in(seq='abc', x=1) }}", "the test 'in' has no argument 'x'"},
      {"{{ range(3, step=1) }}", "the function 'range' has no argument 'step'"},
      {"{{ raise_exception('a', 'b') }}", "the function 'raise_exception' is given 2"},
      {"{{ ['a']|map('trim', x=1)|list }}", "the filter 'trim' has no argument 'x'"},
      {"{{ ['a']|select('in', 'a', x=1)|list }}", "the test 'in' has no argument 'x'"},
      {"{{ ['a']|map('nosuch')|list }}", "names no filter"},
      {"{{ ['a']|select('nosuch')|list }}", "names no test"},
      {"{% macro m(a) %}{% endmacro %}{{ m(b=1) }}", "the macro 'm' has no argument 'b'"},
      {"{% macro m(a) %}{% endmacro %}{{ m(1, 2) }}", "the macro 'm' is given too many"},
      {"{% macro m(a) %}{% endmacro %}{{ m(1, a=2) }}", "the macro 'm' is given 'a' twice"},
      {"{{ [1, 'a']|sort }}", "compares a number with a text"},
      {"{{ nosuch|tojson }}", "is given undefined instead of a value"},
      {"{{ '5'|int(base=16) }}", "reads base 10 alone"},
      {"{{ strftime_now('%f') }}", "does not write '%f'"},
      {"{{ 'x'.cycle(1) }}", "'cycle' is asked of something else than 'loop'"},
      {"{% raw %}{{ a }}", "{% raw %} without {% endraw %}"},
      {"{% set x = 1 %}{% set x.y = 2 %}", "only members of a namespace"},
  };
  for (const auto& [source, reason] : kRefused) {
    const auto rendered = render_source(source);
    ASSERT_FALSE(rendered) << source;
    EXPECT_EQ(rendered.error().code, ErrorCode::kUnsupported) << source;
    EXPECT_THAT(rendered.error().message, HasSubstr(reason)) << source;
  }
  const auto refused = render_source("{{ raise_exception('No ' ~ 1) }}");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(refused.error().message, "No 1");
}

std::string repeated(std::string_view text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += text;
  return out;
}

// A model's file must not be able to hang the server or take its memory.
TEST(Jinja, WorkAndDepthAreBounded) {
  const std::string sources[] = {
      repeated("{% for a in range(100000) %}", 3) + repeated("{% endfor %}", 3),
      "{% set n = namespace(s='aaaaaaaaaa') %}{% for i in range(100) %}{% set n.s = n.s + n.s %}"
      "{% endfor %}",
      "{% set n = namespace(s=[]) %}{% for i in range(1000) %}{% set n.s = [n.s] %}{% endfor %}",
      "{% set n = namespace(s=[]) %}{% for i in range(1000) %}{% set n.s = dict(a=n.s) %}"
      "{% endfor %}",
      "{% set n = namespace() %}{% set n.n = [n] %}",
      "{% macro m(x) %}{{ m(x) }}{% endmacro %}{{ m(1) }}",
      "{{ " + repeated("(", 10000) + " }}",
      "{{ " + repeated("not ", 10000) + "1 }}",
      "{{ 1" + repeated(" + 1", 10000) + " }}",
      "{{ 1" + repeated(" if 1 else 1", 10000) + " }}",
      "{{ messages" + repeated("[0]", 10000) + " }}",
      repeated("{% if 1 %}", 10000),
      "{{ 'a' * 1000000000000 }}",
      "{{ [1, 2] * 1000000000 }}",
      "{% set x = 'a' * 1000000 %}{{ x.replace('a', x) }}",
      "{% set x = '\\n' * 1000000 %}{{ x|indent(1000) }}",
      "{% set x = 'a' * 1000000 %}{{ x|join(x) }}",
      "{{ 1 " + repeated("< 1 ", 100000) + " }}",
      "{% if 1 %}" + repeated("{% elif 1 %}", 10000) + "{% endif %}",
      std::string(300'000, 'x'),
      "{{ 9223372036854775807|round }}",
      "{{ 9223372036854775807|abs }}",
  };
  for (const std::string& source : sources)
    EXPECT_FALSE(render_source(source)) << source.substr(0, 80);
}

}  // namespace
}  // namespace qaio::jinja
