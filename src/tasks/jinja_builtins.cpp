#include "tasks/jinja_builtins.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "base/utf8.h"
#include "tasks/jinja_text.h"

namespace qaio::jinja {
namespace {

using Names = std::string_view;
constexpr auto kFilters = std::to_array<Names>(
    {"trim",    "length", "count",   "tojson",  "upper", "lower",      "capitalize",
     "default", "d",      "join",    "first",   "last",  "list",       "string",
     "safe",    "items",  "replace", "reverse", "map",   "selectattr", "rejectattr"});
constexpr auto kTests = std::to_array<Names>(
    {"defined", "undefined", "none", "string", "mapping", "iterable", "sequence", "number",
     "integer", "float", "boolean", "true", "false", "eq", "equalto", "ne", "in"});
constexpr auto kMethods = std::to_array<Names>(
    {"strip", "lstrip", "rstrip", "split", "startswith", "endswith", "upper", "lower", "capitalize",
     "replace", "find", "get", "items", "keys", "values", "removeprefix", "removesuffix"});
constexpr int64_t kRangeMax = 100'000;

tl::unexpected<std::string> refuse(std::string reason) {
  return tl::unexpected<std::string>(std::move(reason));
}

tl::unexpected<std::string> wrong(const Value& value, std::string_view wanted) {
  return refuse("is given " + std::string(value.type_name()) + " instead of " +
                std::string(wanted));
}

// The argument as text; none where it is absent or None.
tl::expected<std::optional<std::string_view>, std::string> text_argument(const Arguments& arguments,
                                                                         size_t position,
                                                                         std::string_view name) {
  const Value* value = arguments.find(position, name);
  if (value == nullptr || value->is_none()) return std::nullopt;
  if (value->as_text() == nullptr) return wrong(*value, "a text");
  return std::string_view(value->as_text()->text);
}

// Python's rules for other alphabets than ASCII are long, and no known template needs them.
Outcome with_case(std::string_view name, MarkedText text) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  const auto upper = [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; };
  for (size_t i = 0; i < text.text.size(); ++i) {
    char& c = text.text[i];
    if (static_cast<uint8_t>(c) >= 0x80) return refuse("works on ASCII alone");
    c = name == "upper" || (name == "capitalize" && i == 0) ? upper(c) : lower(c);
  }
  return Value(std::move(text));
}

List pairs_of(const Dict& dict) {
  List pairs;
  for (const auto& [key, value] : dict.entries)
    pairs.push_back(Value(List{Value::of_message(key), value}));
  return pairs;
}

Outcome join(const Value& value, const Arguments& arguments) {
  const auto list = elements_of(value);
  if (!list) return list;
  const Value* given = arguments.find(0, "d");
  const MarkedText separator = given == nullptr ? MarkedText() : to_text(*given);
  MarkedText out;
  for (size_t i = 0; i < list->as_list()->size(); ++i) {
    if (i > 0) out.append(separator);
    out.append(to_text((*list->as_list())[i]));
  }
  return Value(std::move(out));
}

Value member(const Value& object, std::string_view name) {
  const Value* found = object.as_dict() == nullptr ? nullptr : object.as_dict()->find(name);
  return found == nullptr ? Value() : *found;
}

// map(attribute="role"), selectattr("role", "equalto", "user"), selectattr("tool_calls").
Outcome by_attribute(std::string_view name, const Value& value, const Arguments& arguments) {
  const auto list = elements_of(value);
  if (!list) return list;
  const bool maps = name == "map";
  const auto attribute =
      maps ? text_argument(arguments, 99, "attribute") : text_argument(arguments, 0, "attribute");
  if (!attribute) return refuse(attribute.error());
  const auto test =
      maps ? std::nullopt : text_argument(arguments, 1, "test").value_or(std::nullopt);
  if (!*attribute || (test && !is_test(*test))) return refuse("is used in a way not supported");
  Arguments rest;
  if (const Value* operand = arguments.find(2, "value")) rest.values.push_back(*operand);
  List out;
  for (const Value& element : *list->as_list()) {
    const Value found = member(element, **attribute);
    if (maps) {
      out.push_back(found);
      continue;
    }
    const Outcome holds = test ? call_test(*test, found, rest) : Outcome(Value(found.truthy()));
    if (!holds) return holds;
    if (holds->truthy() == (name == "selectattr")) out.push_back(element);
  }
  return Value(std::move(out));
}

Outcome list_filter(std::string_view name, const Value& value) {
  auto list = elements_of(value);
  if (!list || name == "list") return list;
  const List& elements = *list->as_list();
  if (name == "reverse") return Value(List(elements.rbegin(), elements.rend()));
  if (elements.empty()) return Value();
  return name == "first" ? elements.front() : elements.back();
}

Outcome length_of(const Value& value) {
  if (const auto* text = value.as_text())
    return Value(static_cast<int64_t>(count_code_points(text->text)));
  const auto list = elements_of(value);
  if (!list) return list;
  return Value(static_cast<int64_t>(list->as_list()->size()));
}

Outcome text_method(std::string_view name, const MarkedText& text, const Arguments& arguments) {
  const auto argument = text_argument(arguments, 0, "");
  if (!argument) return refuse(argument.error());
  if (name == "strip") return Value(strip(text, Side::kBoth, *argument));
  if (name == "lstrip") return Value(strip(text, Side::kLeft, *argument));
  if (name == "rstrip") return Value(strip(text, Side::kRight, *argument));
  if (name == "upper" || name == "lower" || name == "capitalize") return with_case(name, text);
  if (name == "split") {
    if (*argument && (*argument)->empty()) return refuse("is given an empty separator");
    const Value* most = arguments.find(1, "maxsplit");
    const bool limited = most != nullptr && most->as_integer() && *most->as_integer() >= 0;
    List parts;
    for (MarkedText& part :
         split(text, *argument, limited ? static_cast<size_t>(*most->as_integer()) : SIZE_MAX))
      parts.push_back(Value(std::move(part)));
    return Value(std::move(parts));
  }
  if (!*argument) return refuse("needs a text");
  const std::string_view given = **argument;
  if (name == "startswith") return Value(text.text.starts_with(given));
  if (name == "endswith") return Value(text.text.ends_with(given));
  if (name == "removeprefix")
    return Value(text.slice(text.text.starts_with(given) ? given.size() : 0));
  if (name == "removesuffix")
    return Value(text.slice(0, text.text.size() - (text.text.ends_with(given) ? given.size() : 0)));
  if (name == "find") {
    const size_t at = text.text.find(given);
    if (at == std::string::npos) return Value(int64_t{-1});
    return Value(
        static_cast<int64_t>(count_code_points(std::string_view(text.text).substr(0, at))));
  }
  const Value* to = arguments.find(1, "new");
  if (name != "replace" || to == nullptr || to->as_text() == nullptr || given.empty() ||
      arguments.values.size() > 2)
    return refuse("is used in a way not supported");
  return Value(replace(text, given, *to->as_text()));
}

Outcome dict_method(std::string_view name, const Dict& dict, const Arguments& arguments) {
  if (name == "items") return Value(pairs_of(dict));
  List out;
  if (name == "get") {
    const auto key = text_argument(arguments, 0, "");
    if (!key) return refuse(key.error());
    const Value* found = *key ? dict.find(**key) : nullptr;
    if (found != nullptr) return *found;
    const Value* fallback = arguments.find(1, "");
    return fallback == nullptr ? Value(None()) : *fallback;
  }
  if (name != "keys" && name != "values") return refuse("is not one of a mapping");
  for (const auto& [key, value] : dict.entries)
    out.push_back(name == "keys" ? Value::of_message(key) : value);
  return Value(std::move(out));
}

Outcome range(const Arguments& arguments) {
  int64_t numbers[3] = {0, 0, 1};
  for (size_t i = 0; i < arguments.values.size(); ++i) {
    const auto* number = i < 3 ? arguments.values[i].as_integer() : nullptr;
    if (number == nullptr || std::abs(*number) > kRangeMax) return refuse("is out of range");
    numbers[i] = *number;
  }
  if (arguments.values.size() == 1) std::swap(numbers[0], numbers[1]);
  if (numbers[2] == 0) return refuse("has a step of 0");
  List out;
  for (int64_t i = numbers[0]; numbers[2] > 0 ? i < numbers[1] : i > numbers[1]; i += numbers[2])
    out.push_back(Value(i));
  return Value(std::move(out));
}

template <size_t N>
bool among(const std::array<std::string_view, N>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

}  // namespace

const Value* Arguments::find(size_t position, std::string_view name) const {
  if (position < values.size()) return &values[position];
  for (const auto& [given, value] : named) {
    if (given == name) return &value;
  }
  return nullptr;
}

bool is_filter(std::string_view name) { return among(kFilters, name); }
bool is_test(std::string_view name) { return among(kTests, name); }
bool is_method(std::string_view name) { return among(kMethods, name); }

Outcome call_filter(std::string_view name, const Value& value, const Arguments& arguments) {
  if (name == "default" || name == "d") {
    const Value* fallback = arguments.find(0, "default_value");
    const Value* boolean = arguments.find(1, "boolean");
    const bool falsy = boolean != nullptr && boolean->truthy() && !value.truthy();
    if (!value.is_undefined() && !falsy) return value;
    return fallback == nullptr ? Value::of_template("") : *fallback;
  }
  if (name == "tojson") return Value::of_message(to_json(value));
  if (name == "string" || name == "safe") return Value(to_text(value));
  if (name == "length" || name == "count") return length_of(value);
  if (name == "join") return join(value, arguments);
  if (name == "map" || name == "selectattr" || name == "rejectattr")
    return by_attribute(name, value, arguments);
  if (name == "items") {
    if (value.is_undefined()) return Value(List());
    if (value.as_dict() == nullptr) return wrong(value, "a mapping");
    return Value(pairs_of(*value.as_dict()));
  }
  if (name == "trim") {
    return text_method("strip", to_text(value), arguments);
  }
  if (name == "upper" || name == "lower" || name == "capitalize" || name == "replace")
    return text_method(name, to_text(value), arguments);
  return list_filter(name, value);
}

Outcome call_test(std::string_view name, const Value& value, const Arguments& arguments) {
  if (name == "defined") return Value(!value.is_undefined());
  if (name == "undefined") return Value(value.is_undefined());
  if (name == "none") return Value(value.is_none());
  if (name == "string") return Value(value.as_text() != nullptr);
  if (name == "mapping") return Value(value.as_dict() != nullptr);
  if (name == "iterable" || name == "sequence")
    return Value(value.as_text() || value.as_list() || value.as_dict() ||
                 (value.is_undefined() && name == "iterable"));
  if (name == "number") return Value(value.is_number() || value.as_bool());
  if (name == "integer") return Value(value.as_integer() != nullptr);
  if (name == "float") return Value(value.as_float() != nullptr);
  if (name == "boolean") return Value(value.as_bool() != nullptr);
  if (name == "true" || name == "false")
    return Value(value.as_bool() != nullptr && *value.as_bool() == (name == "true"));
  const Value* operand = arguments.find(0, "");
  if (operand == nullptr) return refuse("needs a value to compare with");
  if (name == "in") return contains(*operand, value);
  return Value(equal(value, *operand) != (name == "ne"));
}

Outcome call_method(std::string_view name, const Value& object, const Arguments& arguments) {
  if (const auto* text = object.as_text()) return text_method(name, *text, arguments);
  if (const auto* dict = object.as_dict()) return dict_method(name, *dict, arguments);
  return refuse("is called on " + std::string(object.type_name()));
}

Outcome call_function(std::string_view name, const Arguments& arguments) {
  if (name == "range") return range(arguments);
  if (name == "namespace" || name == "dict") {
    Dict dict;
    dict.entries = arguments.named;
    dict.is_namespace = name == "namespace";
    return Value(std::move(dict));
  }
  if (name == "raise_exception") {
    const Value* message = arguments.find(0, "message");
    return refuse(message == nullptr ? "the template refuses" : to_text(*message).text);
  }
  return refuse("is not a function that this program knows");
}

Outcome elements_of(const Value& value) {
  if (value.as_list()) return value;
  List out;
  if (const auto* text = value.as_text()) {
    const auto offsets = character_offsets(text->text);
    for (size_t i = 0; i + 1 < offsets.size(); ++i)
      out.push_back(Value(text->slice(offsets[i], offsets[i + 1] - offsets[i])));
  } else if (const auto* dict = value.as_dict()) {
    for (const auto& entry : dict->entries) out.push_back(Value::of_message(entry.first));
  } else if (!value.is_undefined()) {
    return wrong(value, "a list");
  }
  return Value(std::move(out));
}

Outcome contains(const Value& haystack, const Value& needle) {
  const auto* text = needle.as_text();
  if (const auto* all = haystack.as_text()) {
    if (text == nullptr) return wrong(needle, "a text");
    return Value(all->text.find(text->text) != std::string::npos);
  }
  if (const auto* dict = haystack.as_dict())
    return Value(text != nullptr && dict->find(text->text) != nullptr);
  const auto list = elements_of(haystack);
  if (!list) return list;
  return Value(std::ranges::any_of(*list->as_list(),
                                   [&](const Value& element) { return equal(element, needle); }));
}

}  // namespace qaio::jinja
