#include "tasks/jinja_methods.h"

#include <algorithm>
#include <optional>

#include "base/utf8.h"
#include "tasks/jinja_lists.h"
#include "tasks/jinja_text.h"

namespace qaio::jinja {
namespace {

constexpr int64_t kIndentMax = 1000;

Value list_of(std::vector<MarkedText> parts) {
  List out;
  out.reserve(parts.size());
  for (MarkedText& part : parts) out.push_back(Value(std::move(part)));
  return Value(std::move(out));
}

// Of an argument that limits how often: absent or negative, always.
tl::expected<size_t, std::string> times(const Arguments& arguments, size_t position,
                                        std::string_view name) {
  const Value* most = arguments.find(position, name);
  if (most == nullptr || most->is_none()) return SIZE_MAX;
  if (most->as_integer() == nullptr) return wrong_type(*most, "a whole number");
  return *most->as_integer() < 0 ? SIZE_MAX : static_cast<size_t>(*most->as_integer());
}

Outcome split_method(std::string_view name, const MarkedText& text, const Arguments& arguments) {
  const auto separator = text_argument(arguments, 0, "sep");
  const auto most = times(arguments, 1, "maxsplit");
  if (!separator || !most) return refuse(separator ? most.error() : separator.error());
  if (*separator && (*separator)->empty()) return refuse("is given an empty separator");
  return list_of(name == "split" ? split(text, *separator, *most)
                                 : split_from_end(text, *separator, *most));
}

size_t occurrences(std::string_view text, std::string_view part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != text.npos; at = text.find(part, at + part.size()))
    ++count;
  return count;
}

// A text, or a tuple of texts of which one is enough.
Outcome begins_or_ends(bool begins, std::string_view text, const Arguments& arguments) {
  const Value* given = arguments.find(0, "");
  if (given == nullptr) return refuse("needs a text");
  const List alone = {*given};
  const List& parts = given->as_list() ? *given->as_list() : alone;
  bool any = false;
  for (const Value& part : parts) {
    if (part.as_text() == nullptr) return wrong_type(part, "a text");
    any |= begins ? text.starts_with(part.as_text()->text) : text.ends_with(part.as_text()->text);
  }
  return Value(any);
}

// How often or where, in characters.
Outcome search(std::string_view name, std::string_view text, std::string_view part) {
  if (name == "count") {
    return Value(
        static_cast<int64_t>(part.empty() ? count_code_points(text) + 1 : occurrences(text, part)));
  }
  const size_t at = name == "find" ? text.find(part) : text.rfind(part);
  if (at == std::string_view::npos) return Value(int64_t{-1});
  return Value(static_cast<int64_t>(count_code_points(text.substr(0, at))));
}

Outcome replace_method(const MarkedText& text, std::string_view from, const Arguments& arguments) {
  const Value* to = arguments.find(1, "new");
  const auto most = times(arguments, 2, "count");
  if (!most) return refuse(most.error());
  if (to == nullptr || to->as_text() == nullptr || from.empty())
    return refuse("is used in a way not supported");
  if (text.text.size() / from.size() * to->as_text()->text.size() > kMadeBytesMax &&
      occurrences(text.text, from) * to->as_text()->text.size() > kMadeBytesMax)
    return refuse(kTooMuchText);
  return Value(replace(text, from, *to->as_text(), *most));
}

}  // namespace

Outcome text_method(std::string_view name, const MarkedText& text, const Arguments& arguments) {
  if (name == "upper") return Value(with_case(text, CaseStyle::kUpper));
  if (name == "lower") return Value(with_case(text, CaseStyle::kLower));
  if (name == "capitalize") return Value(with_case(text, CaseStyle::kCapitalize));
  if (name == "title") return Value(with_case(text, CaseStyle::kTitle));
  if (name == "split" || name == "rsplit") return split_method(name, text, arguments);
  if (name == "startswith" || name == "endswith")
    return begins_or_ends(name == "startswith", text.text, arguments);
  if (name == "splitlines") {
    const Value* keep = arguments.find(0, "keepends");
    return list_of(split_lines(text, keep != nullptr && keep->truthy()));
  }
  if (name == "join") {
    const Value* list = arguments.find(0, "");
    if (list == nullptr) return refuse("needs a list");
    const auto elements = elements_of(*list);
    if (!elements) return elements;
    for (const Value& element : *elements->as_list()) {
      if (element.as_text() == nullptr) return wrong_type(element, "a text");
    }
    return join(*elements, {{Value(text)}, {}});
  }
  const auto argument = text_argument(arguments, 0, name == "replace" ? "old" : "chars");
  if (!argument) return refuse(argument.error());
  if (name == "strip") return Value(strip(text, Side::kBoth, *argument));
  if (name == "lstrip") return Value(strip(text, Side::kLeft, *argument));
  if (name == "rstrip") return Value(strip(text, Side::kRight, *argument));
  if (!*argument) return refuse("needs a text");
  const std::string_view given = **argument;
  if (name == "removeprefix")
    return Value(text.slice(text.text.starts_with(given) ? given.size() : 0));
  if (name == "removesuffix")
    return Value(text.slice(0, text.text.size() - (text.text.ends_with(given) ? given.size() : 0)));
  if (name == "find" || name == "rfind" || name == "count") return search(name, text.text, given);
  if (name == "replace") return replace_method(text, given, arguments);
  return refuse("is not one of a text");
}

Outcome dict_method(std::string_view name, const Dict& dict, const Arguments& arguments) {
  if (name == "items") return Value(pairs_of(dict));
  List out;
  if (name == "get") {
    const Value* key = arguments.find(0, "");
    if (key == nullptr) return refuse("needs a key");
    const Value* found = key->as_text() ? dict.find(key->as_text()->text) : nullptr;
    if (found != nullptr) return *found;
    const Value* fallback = arguments.find(1, "");
    return fallback == nullptr ? Value(None()) : *fallback;
  }
  if (name != "keys" && name != "values") return refuse("is not one of a mapping");
  for (const auto& [key, value] : dict.entries)
    out.push_back(name == "keys" ? Value::of_message(key) : value);
  return Value(std::move(out));
}

Outcome indent(const MarkedText& text, const Arguments& arguments) {
  const Value* width = arguments.find(0, "width");
  const auto wanted = [&](size_t position, std::string_view name) {
    const Value* given = arguments.find(position, name);
    return given != nullptr && given->truthy();
  };
  MarkedText margin(std::string(4, ' '), TextOrigin::kTemplate);
  if (width != nullptr && width->as_text()) {
    margin = *width->as_text();
  } else if (width != nullptr) {
    if (width->as_integer() == nullptr || *width->as_integer() > kIndentMax)
      return wrong_type(*width, "a width up to 1000");
    margin = MarkedText(
        std::string(static_cast<size_t>(std::max<int64_t>(*width->as_integer(), 0)), ' '),
        TextOrigin::kTemplate);
  }
  MarkedText closed = text;  // so that a line break at the end begins a line
  closed.append("\n", TextOrigin::kTemplate);
  const std::vector<MarkedText> lines = split_lines(closed, false);
  if (margin.text.size() * lines.size() > kMadeBytesMax) return refuse(kTooMuchText);
  MarkedText out;
  for (size_t i = 0; i < lines.size(); ++i) {
    if (i > 0) out.append("\n", TextOrigin::kTemplate);
    const bool indented =
        i == 0 ? wanted(1, "first") : wanted(2, "blank") || !lines[i].text.empty();
    if (indented) out.append(margin);
    out.append(lines[i]);
  }
  return Value(std::move(out));
}

}  // namespace qaio::jinja
