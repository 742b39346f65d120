#include "tasks/jinja_lists.h"

#include <algorithm>
#include <optional>
#include <set>

#include "tasks/jinja_signatures.h"
#include "tasks/jinja_text.h"

namespace qaio::jinja {
namespace {

// "a.b" is a member of a member, "0" an element of a list.
Value member(const Value& object, std::string_view path) {
  Value at = object;
  while (true) {
    const size_t end = std::min(path.find('.'), path.size());
    const std::string_view name = path.substr(0, end);
    const bool index = !name.empty() && name.find_first_not_of("0123456789") == name.npos;
    const List* list = at.as_list();
    const Dict* dict = at.as_dict();
    const Value* found = dict == nullptr ? nullptr : dict->find(name);
    if (list != nullptr && index && name.size() < 9 && std::stoul(std::string(name)) < list->size())
      found = &(*list)[std::stoul(std::string(name))];
    at = found == nullptr ? Value() : Value(*found);
    if (end == path.size()) return at;
    path.remove_prefix(end + 1);
  }
}

// What an element is judged by: itself or its attribute, without regard to case unless asked.
class Key {
 public:
  static tl::expected<Key, std::string> of(const Arguments& arguments, size_t case_position,
                                           size_t attribute_position) {
    const auto attribute = text_argument(arguments, attribute_position, "attribute");
    if (!attribute) return refuse(attribute.error());
    const Value* sensitive = arguments.find(case_position, "case_sensitive");
    return Key(*attribute, sensitive != nullptr && sensitive->truthy());
  }
  Value operator()(const Value& element) const {
    const Value value = attribute_ ? member(element, *attribute_) : element;
    if (sensitive_ || value.as_text() == nullptr) return value;
    return Value(with_case(*value.as_text(), CaseStyle::kLower));
  }

 private:
  Key(std::optional<std::string_view> attribute, bool sensitive)
      : attribute_(attribute), sensitive_(sensitive) {}
  std::optional<std::string_view> attribute_;
  bool sensitive_;
};

// Equal for what a Python set holds once; none for lists and mappings, which cannot be in one.
std::optional<std::string> identity(const Value& value) {
  if (const auto* text = value.as_text()) return "t" + text->text;
  if (value.is_number() || value.as_bool()) return "n" + to_text(Value(value.number())).text;
  if (value.as_list() || value.as_dict()) return std::nullopt;
  return value.is_none() ? "-" : "?";
}

Outcome unique(const List& list, const Key& key) {
  List out;
  std::set<std::string> seen;
  for (const Value& element : list) {
    const auto known = identity(key(element));
    if (!known) return refuse("is given a list or a mapping, of which it cannot tell two apart");
    if (seen.insert(*known).second) out.push_back(element);
  }
  return Value(std::move(out));
}

// What is equal needs no order: Jinja compares lists of one key each.
Outcome compare_or_same(const Value& a, const Value& b) {
  return equal(a, b) ? Outcome(Value(int64_t{0})) : compare(a, b);
}

struct Keyed {
  Value key;
  Value element;
};

// Stable. What cannot be compared is found before, as every pair may meet in sorting.
tl::expected<std::vector<Keyed>, std::string> sorted(const List& list, const Key& key,
                                                     bool reverse) {
  std::vector<Keyed> keyed;
  for (const Value& element : list) keyed.push_back({key(element), element});
  for (size_t i = 1; i < keyed.size(); ++i) {
    const Outcome order = compare_or_same(keyed[0].key, keyed[i].key);
    if (!order) return refuse(order.error());
  }
  std::string fault;
  const auto before = [&](const Keyed& a, const Keyed& b) {
    const Outcome order = reverse ? compare_or_same(b.key, a.key) : compare_or_same(a.key, b.key);
    if (!order) fault = order.error();
    return order && *order->as_integer() < 0;
  };
  std::ranges::stable_sort(keyed, before);
  if (!fault.empty()) return refuse(fault);
  return keyed;
}

Outcome by_filter(const List& list, const Arguments& arguments) {
  const auto* name = arguments.values[0].as_text();
  if (name == nullptr || !is_known(CallKind::kFilter, name->text))
    return refuse("names no filter that this program knows");
  const Arguments rest{{arguments.values.begin() + 1, arguments.values.end()}, arguments.named};
  if (std::string fault = wrong(CallKind::kFilter, name->text, rest); !fault.empty())
    return refuse("asks too much: " + fault);
  List out;
  for (const Value& element : list) {
    const Outcome mapped = call_filter(name->text, element, rest);
    if (!mapped) return mapped;
    out.push_back(*mapped);
  }
  return Value(std::move(out));
}

Outcome map(const List& list, const Arguments& arguments) {
  if (!arguments.values.empty()) return by_filter(list, arguments);
  const auto attribute = text_argument(arguments, 99, "attribute");
  if (!attribute) return refuse(attribute.error());
  const Value* fallback = arguments.find(99, "default");
  if (!*attribute || arguments.named.size() > (fallback == nullptr ? 1 : 2))
    return refuse("is used in a way not supported");
  List out;
  for (const Value& element : list) {
    Value found = member(element, **attribute);
    out.push_back(found.is_undefined() && fallback != nullptr ? *fallback : found);
  }
  return Value(std::move(out));
}

}  // namespace

Outcome compare(const Value& a, const Value& b) {
  const auto sign = [](auto x, auto y) { return Value(int64_t{x < y ? -1 : x > y ? 1 : 0}); };
  const auto numeric = [](const Value& v) { return v.is_number() || v.as_bool() != nullptr; };
  if (numeric(a) && numeric(b)) return sign(a.number(), b.number());
  if (a.as_text() && b.as_text()) return sign(a.as_text()->text.compare(b.as_text()->text), 0);
  if (a.as_list() && b.as_list()) {
    const List& left = *a.as_list();
    const List& right = *b.as_list();
    for (size_t i = 0; i < std::min(left.size(), right.size()); ++i) {
      if (equal(left[i], right[i])) continue;
      return compare(left[i], right[i]);
    }
    return sign(left.size(), right.size());
  }
  return refuse("compares " + std::string(a.type_name()) + " with " + std::string(b.type_name()));
}

Outcome choose(std::string_view name, const Value& value, const Arguments& arguments) {
  const auto list = elements_of(value);
  if (!list) return list;
  if (name == "map") return map(*list->as_list(), arguments);
  const bool of_attribute = name.ends_with("attr");
  const size_t first = of_attribute ? 1 : 0;
  const auto attribute = of_attribute ? text_argument(arguments, 0, "") : std::nullopt;
  const auto test = text_argument(arguments, first, "");
  if (!attribute || !test) return refuse(attribute ? test.error() : attribute.error());
  if (of_attribute != attribute->has_value()) return refuse("is used in a way not supported");
  if (!*test && !arguments.named.empty()) return refuse("is used in a way not supported");
  Arguments rest;
  if (*test) {
    rest = {
        {arguments.values.begin() + static_cast<std::ptrdiff_t>(first) + 1, arguments.values.end()},
        arguments.named};
    if (!is_known(CallKind::kTest, **test)) return refuse("names no test that this program knows");
    if (std::string fault = wrong(CallKind::kTest, **test, rest); !fault.empty())
      return refuse("asks too much: " + fault);
  }
  List out;
  for (const Value& element : *list->as_list()) {
    const Value judged = of_attribute ? member(element, **attribute) : element;
    const Outcome holds = *test ? call_test(**test, judged, rest) : Outcome(Value(judged.truthy()));
    if (!holds) return holds;
    if (holds->truthy() == name.starts_with("select")) out.push_back(element);
  }
  return Value(std::move(out));
}

Outcome ordered(std::string_view name, const Value& value, const Arguments& arguments) {
  const auto list = elements_of(value);
  if (!list) return list;
  const bool sorts = name == "sort";
  const auto key = Key::of(arguments, sorts ? 1 : 0, sorts ? 2 : 1);
  if (!key) return refuse(key.error());
  if (name == "unique") return unique(*list->as_list(), *key);
  const Value* reverse = sorts ? arguments.find(0, "reverse") : nullptr;
  const auto keyed =
      sorted(*list->as_list(), *key, (reverse != nullptr && reverse->truthy()) || name == "max");
  if (!keyed) return refuse(keyed.error());
  if (!sorts) return keyed->empty() ? Value() : keyed->front().element;
  List out;
  for (const Keyed& one : *keyed) out.push_back(one.element);
  return Value(std::move(out));
}

Outcome sort_dict(const Value& value, const Arguments& arguments) {
  if (value.as_dict() == nullptr) return wrong_type(value, "a mapping");
  const auto by = text_argument(arguments, 1, "by");
  if (!by) return refuse(by.error());
  const std::string_view part = by->value_or("key");
  if (part != "key" && part != "value") return refuse("can sort by 'key' or by 'value'");
  Arguments order;
  for (const auto& [position, name] : {std::pair{0, "case_sensitive"}, std::pair{2, "reverse"}}) {
    if (const Value* given = arguments.find(static_cast<size_t>(position), name))
      order.named.emplace_back(name, *given);
  }
  order.named.emplace_back("attribute", Value::of_template(part == "key" ? "0" : "1"));
  return ordered("sort", Value(pairs_of(*value.as_dict())), order);
}

Outcome join(const Value& value, const Arguments& arguments) {
  const auto list = elements_of(value);
  if (!list) return list;
  const auto attribute = text_argument(arguments, 1, "attribute");
  if (!attribute) return refuse(attribute.error());
  const Value* given = arguments.find(0, "d");
  const MarkedText separator = given == nullptr ? MarkedText() : to_text(*given);
  if (separator.text.size() * list->as_list()->size() > kMadeBytesMax) return refuse(kTooMuchText);
  MarkedText out;
  for (size_t i = 0; i < list->as_list()->size(); ++i) {
    if (i > 0) out.append(separator);
    const Value& element = (*list->as_list())[i];
    out.append(to_text(*attribute ? member(element, **attribute) : element));
  }
  return Value(std::move(out));
}

Outcome sum(const Value& value, const Arguments& arguments) {
  const auto list = elements_of(value);
  if (!list) return list;
  const auto attribute = text_argument(arguments, 0, "attribute");
  if (!attribute) return refuse(attribute.error());
  const Value* start = arguments.find(1, "start");
  Value total = start == nullptr ? Value(int64_t{0}) : *start;
  for (const Value& element : *list->as_list()) {
    const Value one = *attribute ? member(element, **attribute) : element;
    const bool whole = !total.as_float() && !one.as_float();
    for (const Value& part : {total, one}) {
      if (!part.is_number() && !part.as_bool()) return wrong_type(part, "a number");
    }
    const double both = total.number() + one.number();
    if (whole && !(both > -9e15 && both < 9e15)) return refuse("makes too large a number");
    total = whole ? Value(static_cast<int64_t>(both)) : Value(both);
  }
  return total;
}

}  // namespace qaio::jinja
