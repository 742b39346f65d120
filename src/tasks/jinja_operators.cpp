#include "tasks/jinja_operators.h"

#include <algorithm>
#include <cmath>

#include "tasks/jinja_lists.h"

namespace qaio::jinja {
namespace {

constexpr int kNestingMax = 40;  // of lists and mappings

Value joined(MarkedText left, const MarkedText& right) {
  left.append(right);
  return Value(std::move(left));
}

// 'ab' * 3, [1] * 3, and the other way round.
Outcome repeated(const Value& value, int64_t times, size_t bytes_max) {
  const auto count = static_cast<size_t>(std::max<int64_t>(times, 0));
  if (count > bytes_max / std::max<size_t>(weight_of(value), 1)) return refuse(kTooMuchText);
  MarkedText text;
  List list;
  for (size_t i = 0; i < count; ++i) {
    if (const auto* part = value.as_text()) text.append(*part);
    if (const auto* part = value.as_list()) list.insert(list.end(), part->begin(), part->end());
  }
  return value.as_text() ? Value(std::move(text)) : Value(std::move(list));
}

tl::unexpected<std::string> wrong_operands(const Value& left, const Value& right) {
  return refuse("is given " + std::string(left.type_name()) + " and " +
                std::string(right.type_name()));
}

Outcome ordering(std::string_view op, const Value& left, const Value& right) {
  const Outcome order = compare(left, right);
  if (!order) return wrong_operands(left, right);
  const int64_t difference = *order->as_integer();
  if (op == "<") return Value(difference < 0);
  if (op == ">") return Value(difference > 0);
  return Value(op == "<=" ? difference <= 0 : difference >= 0);
}

double calculate(std::string_view op, double a, double b) {
  if (op == "+") return a + b;
  if (op == "-") return a - b;
  if (op == "*") return a * b;
  if (op == "**") return std::pow(a, b);
  if (op == "/") return a / b;
  if (op == "//") return std::floor(a / b);
  return a - b * std::floor(a / b);
}

Outcome arithmetic(std::string_view op, const Value& left, const Value& right) {
  if (!(left.is_number() || left.as_bool()) || !(right.is_number() || right.as_bool()))
    return wrong_operands(left, right);
  const double a = left.number();
  const double b = right.number();
  const bool divides = op == "/" || op == "//" || op == "%";
  if ((divides && b == 0) || (op == "**" && a == 0 && b < 0))
    return refuse("means a division by 0");
  const double result = calculate(op, a, b);
  if (op == "/" || (op == "**" && b < 0) || left.as_float() || right.as_float())
    return Value(result);
  // Whole numbers stay exact as far as doubles are; no template counts further.
  if (!(std::abs(result) < 9e15)) return refuse("makes too large a number");
  return Value(static_cast<int64_t>(result));
}

}  // namespace

size_t weight_of(const Value& value, int depth) {
  if (const auto* text = value.as_text()) return text->text.size();
  if (depth > kNestingMax) return SIZE_MAX / 2;
  size_t bytes = 0;
  const auto add = [&](const Value& element) {
    bytes = std::min(bytes + sizeof(Value) + weight_of(element, depth + 1), SIZE_MAX / 2);
  };
  if (const auto* list = value.as_list()) {
    std::ranges::for_each(*list, add);
  } else if (const auto* dict = value.as_dict()) {
    for (const auto& entry : dict->entries) add(entry.second);
  }
  return bytes;
}

Outcome operate(std::string_view op, const Value& left, const Value& right, size_t bytes_max) {
  if (op == "==") return Value(equal(left, right));
  if (op == "!=") return Value(!equal(left, right));
  if (op == "~") return joined(to_text(left), to_text(right));
  if (op == "in" || op == "not in") {
    const Outcome found = contains(right, left);
    return found ? Value(found->truthy() == (op == "in")) : found;
  }
  if (op == "<" || op == ">" || op == "<=" || op == ">=") return ordering(op, left, right);
  if (op == "+" && left.as_text() && right.as_text())
    return joined(*left.as_text(), *right.as_text());
  if (op == "+" && left.as_list() && right.as_list()) {
    List both = *left.as_list();
    both.insert(both.end(), right.as_list()->begin(), right.as_list()->end());
    return Value(std::move(both));
  }
  if (op == "*" && right.as_integer() && (left.as_text() || left.as_list()))
    return repeated(left, *right.as_integer(), bytes_max);
  if (op == "*" && left.as_integer() && (right.as_text() || right.as_list()))
    return repeated(right, *left.as_integer(), bytes_max);
  return arithmetic(op, left, right);
}

}  // namespace qaio::jinja
