// The values that a chat template works with.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "text/marked_text.h"

namespace qaio::jinja {

class Value;
struct Statement;
using List = std::vector<Value>;

struct Undefined {};
struct None {};
// One of the template language's own, by its name.
struct Function {
  std::string_view name;
};

// In the order in which the keys were added.
struct Dict {
  std::vector<std::pair<std::string, Value>> entries;
  bool is_namespace = false;  // its members can be set

  const Value* find(std::string_view key) const;
  void set(std::string_view key, Value value);
};

// Cheap to copy: texts, lists and dicts are shared. Only a namespace ever changes.
class Value {
 public:
  Value() = default;  // undefined
  Value(None none) : data_(none) {}
  Value(bool value) : data_(value) {}
  Value(int64_t value) : data_(value) {}
  Value(double value) : data_(value) {}
  Value(MarkedText text) : data_(std::make_shared<const MarkedText>(std::move(text))) {}
  Value(List list) : data_(std::make_shared<const List>(std::move(list))) {}
  Value(Dict dict) : data_(std::make_shared<Dict>(std::move(dict))) {}
  Value(const Statement* macro) : data_(macro) {}
  Value(Function function) : data_(function) {}
  static Value of_template(std::string text) {
    return Value(MarkedText(std::move(text), TextOrigin::kTemplate));
  }
  static Value of_message(std::string text) {
    return Value(MarkedText(std::move(text), TextOrigin::kMessage));
  }

  bool is_undefined() const { return std::holds_alternative<Undefined>(data_); }
  bool is_none() const { return std::holds_alternative<None>(data_); }
  bool is_number() const { return as_integer() != nullptr || as_float() != nullptr; }
  const bool* as_bool() const { return std::get_if<bool>(&data_); }
  const int64_t* as_integer() const { return std::get_if<int64_t>(&data_); }
  const double* as_float() const { return std::get_if<double>(&data_); }
  const MarkedText* as_text() const { return pointee<const MarkedText>(); }
  const List* as_list() const { return pointee<const List>(); }
  Dict* as_dict() const { return pointee<Dict>(); }
  const Statement* as_macro() const {
    const auto* macro = std::get_if<const Statement*>(&data_);
    return macro == nullptr ? nullptr : *macro;
  }

  bool is_function() const { return std::holds_alternative<Function>(data_) || as_macro(); }

  bool truthy() const;
  double number() const;               // of a number or a boolean, else 0
  std::string_view type_name() const;  // as people call it in messages

 private:
  template <typename T>
  T* pointee() const {
    const auto* shared = std::get_if<std::shared_ptr<T>>(&data_);
    return shared == nullptr ? nullptr : shared->get();
  }

  std::variant<Undefined, None, bool, int64_t, double, std::shared_ptr<const MarkedText>,
               std::shared_ptr<const List>, std::shared_ptr<Dict>, const Statement*, Function>
      data_;
};

bool equal(const Value& a, const Value& b);
// As Python's str(): what {{ }} prints. `quoted` as within a list.
MarkedText to_text(const Value& value, bool quoted = false);

}  // namespace qaio::jinja
