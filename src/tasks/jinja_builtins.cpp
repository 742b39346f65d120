#include "tasks/jinja_builtins.h"

#include <algorithm>
#include <cmath>
#include <ctime>
#include <optional>

#include "base/utf8.h"
#include "tasks/jinja_json.h"
#include "tasks/jinja_lists.h"
#include "tasks/jinja_methods.h"
#include "tasks/jinja_text.h"

namespace qaio::jinja {
namespace {

constexpr int64_t kRangeMax = 100'000;
constexpr size_t kDateBytesMax = 1024;
constexpr int64_t kJsonIndentMax = 1000;

Outcome list_filter(std::string_view name, const Value& value) {
  if (name == "reverse" && value.as_text()) return Value(reversed(*value.as_text()));
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

Outcome json_filter(const Value& value, const Arguments& arguments) {
  if (value.is_undefined() || value.is_function()) return wrong_type(value, "a value");
  const auto wanted = [&](size_t position, std::string_view name) {
    const Value* given = arguments.find(position, name);
    return given != nullptr && given->truthy();
  };
  JsonStyle style;
  style.ascii = wanted(0, "ensure_ascii");
  style.sort_keys = wanted(3, "sort_keys");
  if (const Value* indent = arguments.find(1, "indent"); indent != nullptr && !indent->is_none()) {
    style.item_separator = ",";
    if (const auto* text = indent->as_text()) {
      style.indent = text->text;
    } else if (indent->as_integer() && *indent->as_integer() <= kJsonIndentMax) {
      style.indent =
          std::string(static_cast<size_t>(std::max<int64_t>(*indent->as_integer(), 0)), ' ');
    } else {
      return wrong_type(*indent, "an indent up to 1000");
    }
  }
  if (const Value* pair = arguments.find(2, "separators"); pair != nullptr && !pair->is_none()) {
    const List* texts = pair->as_list();
    if (texts == nullptr || texts->size() != 2 || !(*texts)[0].as_text() || !(*texts)[1].as_text())
      return wrong_type(*pair, "two separators");
    style.item_separator = (*texts)[0].as_text()->text;
    style.key_separator = (*texts)[1].as_text()->text;
  }
  return Value::of_message(to_json(value, style));
}

Outcome default_filter(const Value& value, const Arguments& arguments) {
  const Value* fallback = arguments.find(0, "default_value");
  const Value* boolean = arguments.find(1, "boolean");
  const bool falsy = boolean != nullptr && boolean->truthy() && !value.truthy();
  if (!value.is_undefined() && !falsy) return value;
  return fallback == nullptr ? Value::of_template("") : *fallback;
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

Outcome mapping(std::string_view name, const Arguments& arguments) {
  Dict dict;
  dict.is_namespace = name == "namespace";
  if (!arguments.values.empty()) {
    const Dict* given = arguments.values[0].as_dict();
    if (given == nullptr) return wrong_type(arguments.values[0], "a mapping");
    dict.entries = given->entries;
  }
  for (const auto& [key, value] : arguments.named) dict.set(key, value);
  return Value(std::move(dict));
}

// The local time as strftime(3) writes it, which Python's calls.
Outcome date(const Arguments& arguments, int64_t now_unix_s) {
  const auto format = text_argument(arguments, 0, "format");
  if (!format) return refuse(format.error());
  if (!*format) return refuse("needs a format");
  if ((*format)->find("%f") != std::string_view::npos) return refuse("does not write '%f'");
  const auto now = static_cast<time_t>(now_unix_s);
  tm local{};
  if (localtime_r(&now, &local) == nullptr) return refuse("finds no local time");
  char text[kDateBytesMax];
  // strftime() says with 0 that there was no room: the blank makes sure that there is something.
  const std::string with_blank = std::string(**format) + " ";
  const size_t bytes = std::strftime(text, sizeof(text), with_blank.c_str(), &local);
  if (bytes == 0) return refuse("is given too long a format");
  return Value::of_template(std::string(text, bytes - 1));
}

// Of the tests with an operand.
Outcome compare_test(std::string_view name, const Value& value, const Value& operand) {
  if (name == "in") return contains(operand, value);
  if (name == "eq" || name == "equalto" || name == "==") return Value(equal(value, operand));
  if (name == "ne" || name == "!=") return Value(!equal(value, operand));
  if (name == "divisibleby") {
    if (!value.as_integer() || !operand.as_integer() || *operand.as_integer() == 0)
      return wrong_type(operand, "a whole number");
    return Value(*value.as_integer() % *operand.as_integer() == 0);
  }
  const Outcome order = compare(value, operand);
  if (!order) return order;
  const int64_t difference = *order->as_integer();
  if (name == "lt" || name == "lessthan" || name == "<") return Value(difference < 0);
  if (name == "le" || name == "<=") return Value(difference <= 0);
  if (name == "gt" || name == "greaterthan" || name == ">") return Value(difference > 0);
  return Value(difference >= 0);
}

}  // namespace

tl::unexpected<std::string> refuse(std::string reason) {
  return tl::unexpected<std::string>(std::move(reason));
}

tl::unexpected<std::string> wrong_type(const Value& value, std::string_view wanted) {
  return refuse("is given " + std::string(value.type_name()) + " instead of " +
                std::string(wanted));
}

tl::expected<std::optional<std::string_view>, std::string> text_argument(const Arguments& arguments,
                                                                         size_t position,
                                                                         std::string_view name) {
  const Value* value = arguments.find(position, name);
  if (value == nullptr || value->is_none()) return std::nullopt;
  if (value->as_text() == nullptr) return wrong_type(*value, "a text");
  return std::string_view(value->as_text()->text);
}

std::string wrong(CallKind kind, std::string_view name, const Arguments& arguments) {
  std::vector<std::string_view> named;
  for (const auto& [given, value] : arguments.named) named.emplace_back(given);
  return wrong_arguments(kind, name, arguments.values.size(), named);
}

List pairs_of(const Dict& dict) {
  List pairs;
  for (const auto& [key, value] : dict.entries)
    pairs.push_back(Value(List{Value::of_message(key), value}));
  return pairs;
}

const Value* Arguments::find(size_t position, std::string_view name) const {
  if (position < values.size()) return &values[position];
  for (const auto& [given, value] : named) {
    if (given == name) return &value;
  }
  return nullptr;
}

Outcome call_filter(std::string_view name, const Value& value, const Arguments& arguments) {
  const auto is = [name](std::initializer_list<std::string_view> names) {
    return std::ranges::find(names, name) != names.end();
  };
  if (is({"default", "d"})) return default_filter(value, arguments);
  if (name == "tojson") return json_filter(value, arguments);
  if (is({"string", "safe"})) return Value(to_text(value));
  if (is({"length", "count"})) return length_of(value);
  if (name == "join") return join(value, arguments);
  if (name == "sum") return sum(value, arguments);
  if (is({"map", "select", "reject", "selectattr", "rejectattr"}))
    return choose(name, value, arguments);
  if (is({"sort", "unique", "min", "max"})) return ordered(name, value, arguments);
  if (name == "dictsort") return sort_dict(value, arguments);
  if (is({"int", "float", "round", "abs"})) return number(name, value, arguments);
  if (name == "items") {
    if (value.is_undefined()) return Value(List());
    if (value.as_dict() == nullptr) return wrong_type(value, "a mapping");
    return Value(pairs_of(*value.as_dict()));
  }
  if (name == "indent") return indent(to_text(value), arguments);
  if (name == "trim") return text_method("strip", to_text(value), arguments);
  if (name == "title") return Value(title_of_words(to_text(value)));
  if (is({"upper", "lower", "capitalize", "replace"}))
    return text_method(name, to_text(value), arguments);
  return list_filter(name, value);
}

Outcome call_test(std::string_view name, const Value& value, const Arguments& arguments) {
  if (name == "defined") return Value(!value.is_undefined());
  if (name == "undefined") return Value(value.is_undefined());
  if (name == "none") return Value(value.is_none());
  if (name == "string") return Value(value.as_text() != nullptr);
  if (name == "mapping") return Value(value.as_dict() != nullptr);
  if (name == "callable") return Value(value.is_function());
  if (name == "iterable" || name == "sequence")
    return Value(value.as_text() || value.as_list() || value.as_dict() ||
                 (value.is_undefined() && name == "iterable"));
  if (name == "number") return Value(value.is_number() || value.as_bool());
  if (name == "integer") return Value(value.as_integer() != nullptr);
  if (name == "float") return Value(value.as_float() != nullptr);
  if (name == "boolean") return Value(value.as_bool() != nullptr);
  if (name == "true" || name == "false")
    return Value(value.as_bool() != nullptr && *value.as_bool() == (name == "true"));
  if (name == "odd" || name == "even") {
    if (!value.as_integer()) return wrong_type(value, "a whole number");
    return Value((*value.as_integer() % 2 == 0) == (name == "even"));
  }
  const Value* operand = arguments.find(0, name == "in" ? "seq" : "num");
  if (operand == nullptr) return refuse("needs a value to compare with");
  return compare_test(name, value, *operand);
}

Outcome call_method(std::string_view name, const Value& object, const Arguments& arguments) {
  if (const auto* text = object.as_text()) return text_method(name, *text, arguments);
  if (const auto* dict = object.as_dict()) return dict_method(name, *dict, arguments);
  return refuse("is called on " + std::string(object.type_name()));
}

Outcome call_function(std::string_view name, const Arguments& arguments, int64_t now_unix_s) {
  if (name == "range") return range(arguments);
  if (name == "namespace" || name == "dict") return mapping(name, arguments);
  if (name == "strftime_now") return date(arguments, now_unix_s);
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
    return wrong_type(value, "a list");
  }
  return Value(std::move(out));
}

Outcome contains(const Value& haystack, const Value& needle) {
  const auto* text = needle.as_text();
  if (const auto* all = haystack.as_text()) {
    if (text == nullptr) return wrong_type(needle, "a text");
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
