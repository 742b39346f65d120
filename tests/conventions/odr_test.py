"""One name, one type: no class, struct, union or enum of namespace qaio is defined twice. Two such
definitions in one program break C++'s one-definition rule, which neither compiler nor linker tells:
the program then uses either's inline functions for both. Unnamed namespaces are excepted."""

import re
import unittest

import project

IGNORED = re.compile(r"""
    //[^\n]* | /\*.*?\*/
  | R"(?P<delimiter>[^()\s\\]*)\(.*?\)(?P=delimiter)"
  | "(?:\\.|[^"\\\n])*" | (?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])+'
  | ^[ \t]*\#(?:\\\n|[^\n])*
""", re.X | re.S | re.M)
NAMESPACE = re.compile(r"(?:inline\s+)?namespace\b\s*([\w:]*)\s*$")
TYPE = re.compile(r"""
    (?:^|[\s>])(?:class|struct|union|enum(?:\s+(?:class|struct))?)\s+
    (?:(?:alignas\s*\([^()]*\)|\[\[.*?\]\])\s*)*
    (?P<name>[A-Za-z_][\w:]*(?:<[^{};]*?>)?)
    \s*(?:final\s*)?(?:(?<!:):(?!:)[^{};]*)?$""", re.X | re.S)


def types_of(text):
    """Qualified names of the types that a source defines at the scope of named namespaces."""
    text = IGNORED.sub(lambda match: "\n" * match[0].count("\n") + " ", text)
    found = []
    scopes = []  # for each open brace: the namespace's name; "": unnamed; None: no namespace
    statement = 0  # where the one that an opening brace belongs to begins
    for match in re.finditer(r"[{};]", text):
        head = text[statement:match.start()].strip()
        statement = match.end()
        if match[0] == "{":
            namespace = NAMESPACE.search(head)
            if namespace is None and all(scopes):
                kind = TYPE.search(head)
                if kind:
                    found.append("::".join([*scopes, re.sub(r"\s+", " ", kind["name"])]))
            scopes.append(namespace[1] if namespace else None)
        elif match[0] == "}" and scopes:
            scopes.pop()
    return found


class OneDefinition(unittest.TestCase):
    def test_no_type_is_defined_twice(self):
        places = {}
        for path in project.files("src/**/*.h", "src/**/*.inc", "src/**/*.cpp"):
            for name in types_of(path.read_text()):
                places.setdefault(name, []).append(project.relative(path))
        self.assertGreater(len(places), 300, "does types_of() still find them?")
        self.assertIn("qaio::Histogram", places)
        self.assertEqual({name: where for name, where in places.items() if len(where) > 1}, {})

    def test_finds_what_is_defined_at_the_scope_of_a_namespace(self):
        self.assertEqual(types_of("""
            #define X struct Macro {
            namespace qaio {
            struct Declared;  // struct Comment {
            const char* text = "struct Text {"; constexpr char kOpen = '{'; int n = 1'000;
            struct Plain { struct Inner { int x; }; };
            class Derived final : public Base<int> {};
            enum class Kind : uint8_t { kOne };
            template <typename T> struct alignas(64) Aligned { T x; };
            template <> struct Aligned<int> {};
            struct Plain::Impl {};
            struct Plain make() { struct Local {}; return {}; }
            auto raw = R"(struct Raw { )";
            namespace { struct Hidden {}; }
            namespace wide { union Either { int a; float b; }; }
            }  // namespace qaio
            namespace qaio::trace { struct Deep {}; }
            """), ["qaio::Plain", "qaio::Derived", "qaio::Kind", "qaio::Aligned",
                   "qaio::Aligned<int>", "qaio::Plain::Impl", "qaio::wide::Either",
                   "qaio::trace::Deep"])


if __name__ == "__main__":
    unittest.main()
