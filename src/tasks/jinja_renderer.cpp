#include "tasks/jinja_renderer.h"

#include <algorithm>
#include <optional>

#include "tasks/jinja_builtins.h"
#include "tasks/jinja_lexer.h"
#include "tasks/jinja_operators.h"
#include "tasks/jinja_signatures.h"
#include "tasks/jinja_text.h"

namespace qaio::jinja {
namespace {

constexpr int64_t kStepsMax = 4'000'000;
constexpr size_t kWorkBytes = size_t{64} << 20;  // of texts made, beside those of the messages
constexpr size_t kWorkPerInputByte = 64;
constexpr int kCallsMax = 20;  // macros within macros

using Parameter = std::pair<std::string, ExpressionPtr>;

// After the first error every value is undefined, nothing is printed and every loop ends.
class Renderer {
 public:
  Renderer(Dict variables, int64_t now_unix_s) : now_unix_s_(now_unix_s) {
    work_max_ = kWorkBytes + kWorkPerInputByte * weight_of(Value(variables));
    frames_.push_back({std::move(variables.entries), nullptr, 0, false});
  }

  Result<MarkedText> run(const std::vector<Statement>& program) {
    execute(program);
    if (error_) return tl::unexpected<Error>(std::move(*error_));
    return std::move(out_);
  }

 private:
  enum class Flow : uint8_t { kNext, kBreak, kContinue };

  struct Frame {
    std::vector<std::pair<std::string, Value>> variables;
    const List* loop = nullptr;  // what a loop walks over
    size_t index = 0;            // and where it is
    bool is_macro = false;       // only the outermost frame is seen from inside
  };

  Value fail_at(int line, const std::string& reason, ErrorCode code = ErrorCode::kUnsupported) {
    if (!error_) {
      const bool own_words = code == ErrorCode::kInvalidArgument;
      const std::string where = own_words ? "" : "line " + std::to_string(line) + ": ";
      error_ = Error{code, where + reason, {}};
    }
    return {};
  }
  bool stopped(int line) {
    if (++steps_ > kStepsMax) fail_at(line, "the template takes too many steps");
    return error_.has_value();
  }
  // Counts a text, list or mapping that was made.
  Value made(int line, Value value) {
    work_ = std::min(work_ + weight_of(value), SIZE_MAX / 2);
    if (work_ > work_max_) return fail_at(line, "the template makes too much text");
    return value;
  }
  Value taken(const Expression& at, Outcome outcome) {
    if (outcome) return made(at.line, std::move(*outcome));
    if (at.kind == ExpressionKind::kCall && at.name == "raise_exception")
      return fail_at(at.line, outcome.error(), ErrorCode::kInvalidArgument);
    return fail_at(at.line, "'" + at.name + "' " + outcome.error());
  }
  void print(int line, const MarkedText& text) {
    work_ += text.text.size();
    if (work_ > work_max_) fail_at(line, "the template makes too much text");
    if (!error_) out_.append(text);
  }

  // ---- statements

  Flow execute(const std::vector<Statement>& statements) {
    for (const Statement& statement : statements) {
      if (stopped(statement.line)) return Flow::kBreak;
      const Flow flow = execute(statement);
      if (flow != Flow::kNext) return flow;
    }
    return Flow::kNext;
  }

  Flow execute(const Statement& statement) {
    switch (statement.kind) {
      case StatementKind::kText:
        out_.append(statement.text, TextOrigin::kTemplate);
        work_ += statement.text.size();
        break;
      case StatementKind::kPrint:
        print(statement.line, to_text(evaluate(*statement.expression)));
        break;
      case StatementKind::kIf:
        return execute(evaluate(*statement.expression).truthy() ? statement.body
                                                                : statement.otherwise);
      case StatementKind::kFor:
        loop(statement);
        break;
      case StatementKind::kSet:
        set(statement);
        break;
      case StatementKind::kSetBlock:
        assign(statement.names[0], Value(captured(statement.body)));
        break;
      case StatementKind::kMacro:
        assign(statement.text, Value(&statement));
        break;
      case StatementKind::kGroup:
        return execute(statement.body);
      case StatementKind::kBreak:
        return Flow::kBreak;
      case StatementKind::kContinue:
        return Flow::kContinue;
    }
    return Flow::kNext;
  }

  MarkedText captured(const std::vector<Statement>& body) {
    MarkedText outer = std::exchange(out_, {});
    execute(body);
    return std::exchange(out_, std::move(outer));
  }

  void loop(const Statement& statement) {
    const Outcome elements = elements_of(evaluate(*statement.expression));
    if (!elements) {
      fail_at(statement.line, "the loop " + elements.error());
      return;
    }
    List chosen;
    const List* list = elements->as_list();
    if (statement.condition) {
      for (const Value& element : *list) {
        frames_.emplace_back();
        unpack(statement, element);
        if (evaluate(*statement.condition).truthy()) chosen.push_back(element);
        frames_.pop_back();
      }
      list = &chosen;
    }
    if (list->empty()) {
      execute(statement.otherwise);
      return;
    }
    for (size_t i = 0; i < list->size() && !stopped(statement.line); ++i) {
      frames_.push_back({{}, list, i, false});
      unpack(statement, (*list)[i]);
      const Flow flow = execute(statement.body);
      frames_.pop_back();
      if (flow == Flow::kBreak) break;
    }
  }

  void unpack(const Statement& statement, const Value& value) {
    if (statement.names.size() == 1) return assign(statement.names[0], value);
    const List* parts = value.as_list();
    if (parts == nullptr || parts->size() != statement.names.size()) {
      fail_at(statement.line, "there are not as many values as names");
      return;
    }
    for (size_t i = 0; i < parts->size(); ++i) assign(statement.names[i], (*parts)[i]);
  }

  void set(const Statement& statement) {
    Value value = evaluate(*statement.expression);
    if (statement.attribute.empty()) return unpack(statement, value);
    const Value target = lookup(statement.names[0]);
    Dict* dict = target.as_dict();
    if (dict == nullptr || !dict->is_namespace) {
      fail_at(statement.line, "only members of a namespace can be set");
      return;
    }
    if (holds_namespace(value)) {  // one that held itself would never be freed
      fail_at(statement.line, "a namespace within a namespace is not supported");
      return;
    }
    dict->set(statement.attribute, std::move(value));
  }

  static bool holds_namespace(const Value& value) {
    if (const auto* dict = value.as_dict()) {
      return dict->is_namespace || std::ranges::any_of(dict->entries, [](const auto& entry) {
               return holds_namespace(entry.second);
             });
    }
    const auto* list = value.as_list();
    return list != nullptr && std::ranges::any_of(*list, holds_namespace);
  }

  // ---- names

  void assign(const std::string& name, Value value) {
    auto& variables = frames_.back().variables;
    for (auto& [known, old] : variables) {
      if (known == name) {
        old = std::move(value);
        return;
      }
    }
    variables.emplace_back(name, std::move(value));
  }

  Value lookup(const std::string& name) const {
    for (size_t i = frames_.size(); i > 0; --i) {
      for (const auto& [known, value] : frames_[i - 1].variables) {
        if (known == name) return value;
      }
      if (frames_[i - 1].is_macro) i = 2;  // goes on with the outermost
    }
    return is_known(CallKind::kFunction, name) ? Value(Function{name}) : Value();
  }

  // The innermost loop; the rest of its members is loop_member()'s.
  Value cycle(const Expression& e) {
    Expression member;
    member.line = e.line;
    member.name = "index0";
    const Value index = loop_member(member);
    const Arguments arguments = arguments_of(e);
    if (error_) return {};
    if (arguments.values.empty()) return fail_at(e.line, "'loop.cycle' needs values");
    const auto count = static_cast<int64_t>(arguments.values.size());
    return arguments.values[static_cast<size_t>(*index.as_integer() % count)];
  }

  Value loop_member(const Expression& e) {
    const auto at = std::find_if(frames_.rbegin(), frames_.rend(), [](const Frame& frame) {
      return frame.loop != nullptr || frame.is_macro;
    });
    if (at == frames_.rend() || at->loop == nullptr) return fail_at(e.line, "'loop' is undefined");
    const auto index = static_cast<int64_t>(at->index);
    const auto size = static_cast<int64_t>(at->loop->size());
    if (e.name == "index0") return Value(index);
    if (e.name == "index") return Value(index + 1);
    if (e.name == "first") return Value(index == 0);
    if (e.name == "last") return Value(index + 1 == size);
    if (e.name == "length") return Value(size);
    if (e.name == "revindex") return Value(size - index);
    if (e.name == "revindex0") return Value(size - index - 1);
    if (e.name == "depth") return Value(int64_t{1});
    if (e.name == "depth0") return Value(int64_t{0});
    if (e.name == "previtem") return index == 0 ? Value() : (*at->loop)[at->index - 1];
    if (e.name == "nextitem") return index + 1 == size ? Value() : (*at->loop)[at->index + 1];
    return fail_at(e.line, "'loop." + e.name + "' is not supported");
  }

  // ---- expressions

  Value evaluate(const Expression& e) {
    if (stopped(e.line)) return {};
    switch (e.kind) {
      case ExpressionKind::kLiteral:
        return e.literal;
      case ExpressionKind::kName:
        return lookup(e.name);
      case ExpressionKind::kList:
        return made(e.line, Value(values_of(e.items)));
      case ExpressionKind::kDict:
        return dict(e);
      case ExpressionKind::kAttribute:
        return attribute(e);
      case ExpressionKind::kIndex:
        return item(e, evaluate(*e.items[0]), evaluate(*e.items[1]));
      case ExpressionKind::kSlice:
        return slice(e);
      case ExpressionKind::kCall:
        return call(e);
      case ExpressionKind::kMethod: {
        if (e.name == "cycle") {
          if (e.items[0]->kind == ExpressionKind::kName && e.items[0]->name == "loop")
            return cycle(e);
          return fail_at(e.line, "'cycle' is asked of something else than 'loop'");
        }
        const Value object = evaluate(*e.items[0]);
        const Arguments arguments = arguments_of(e);
        return error_ ? Value() : taken(e, call_method(e.name, object, arguments));
      }
      case ExpressionKind::kFilter: {
        const Value value = evaluate(*e.items[0]);
        const Arguments arguments = arguments_of(e);
        return error_ ? Value() : taken(e, call_filter(e.name, value, arguments));
      }
      case ExpressionKind::kTest: {
        const Value value = evaluate(*e.items[0]);
        const Arguments arguments = arguments_of(e);
        return error_ ? Value() : taken(e, call_test(e.name, value, arguments));
      }
      case ExpressionKind::kNegate:
        return negate(e, evaluate(*e.items[0]));
      case ExpressionKind::kNot:
        return Value(!evaluate(*e.items[0]).truthy());
      case ExpressionKind::kAnd: {
        Value left = evaluate(*e.items[0]);
        return left.truthy() ? evaluate(*e.items[1]) : left;
      }
      case ExpressionKind::kOr: {
        Value left = evaluate(*e.items[0]);
        return left.truthy() ? left : evaluate(*e.items[1]);
      }
      case ExpressionKind::kBinary:
        return binary(e, evaluate(*e.items[0]), evaluate(*e.items[1]));
      case ExpressionKind::kChain:
        return chain(e);
      case ExpressionKind::kIf:
        if (evaluate(*e.items[1]).truthy()) return evaluate(*e.items[0]);
        return e.items[2] ? evaluate(*e.items[2]) : Value();
    }
    return {};
  }

  List values_of(const std::vector<ExpressionPtr>& expressions) {
    List values;
    values.reserve(expressions.size());
    for (const ExpressionPtr& one : expressions) values.push_back(evaluate(*one));
    return values;
  }

  Arguments arguments_of(const Expression& e) {
    Arguments arguments{values_of(e.arguments), {}};
    for (const auto& [name, value] : e.named) arguments.named.emplace_back(name, evaluate(*value));
    return arguments;
  }

  Value dict(const Expression& e) {
    Dict out;
    for (size_t i = 0; i + 1 < e.items.size(); i += 2) {
      const Value key = evaluate(*e.items[i]);
      if (key.as_text() == nullptr) return fail_at(e.line, "a key that is no text");
      out.set(key.as_text()->text, evaluate(*e.items[i + 1]));
    }
    return made(e.line, Value(std::move(out)));
  }

  Value attribute(const Expression& e) {
    const Expression& base = *e.items[0];
    if (base.kind == ExpressionKind::kName && base.name == "loop") return loop_member(e);
    const Value object = evaluate(base);
    if (object.is_undefined())
      return fail_at(e.line, "'" + e.name + "' is asked of something undefined");
    const Value* found = object.as_dict() == nullptr ? nullptr : object.as_dict()->find(e.name);
    return found == nullptr ? Value() : *found;
  }

  Value item(const Expression& e, const Value& object, const Value& key) {
    if (object.is_undefined()) return fail_at(e.line, "an item is asked of something undefined");
    if (const auto* dict = object.as_dict()) {
      const Value* found = key.as_text() == nullptr ? nullptr : dict->find(key.as_text()->text);
      return found == nullptr ? Value() : *found;
    }
    if (key.as_integer() == nullptr) return {};
    int64_t index = *key.as_integer();
    if (const auto* list = object.as_list()) {
      const auto size = static_cast<int64_t>(list->size());
      if (index < 0) index += size;
      return index < 0 || index >= size ? Value() : (*list)[static_cast<size_t>(index)];
    }
    const Outcome characters = elements_of(object);
    if (!characters) return {};
    return item(e, *characters, key);
  }

  // Python's slices: absent bounds, negative ones from the end, any step but 0.
  Value slice(const Expression& e) {
    const Value object = evaluate(*e.items[0]);
    const Outcome elements = elements_of(object);
    if (!elements) return fail_at(e.line, "a slice " + elements.error());
    const List& list = *elements->as_list();
    const auto size = static_cast<int64_t>(list.size());
    const auto number = [&](size_t i) -> std::optional<int64_t> {
      if (!e.items[i]) return std::nullopt;
      const Value value = evaluate(*e.items[i]);
      if (value.is_none()) return std::nullopt;
      if (value.as_integer() == nullptr) fail_at(e.line, "a slice's bound is no whole number");
      return value.as_integer() == nullptr ? 0 : *value.as_integer();
    };
    const int64_t step = number(3).value_or(1);
    if (step == 0) return fail_at(e.line, "a slice with a step of 0");
    const int64_t low = step > 0 ? 0 : -1;
    const int64_t high = step > 0 ? size : size - 1;
    const auto bound = [&](std::optional<int64_t> given, int64_t absent) {
      if (!given) return absent;
      return std::clamp(*given < 0 ? std::max(*given, -size - 1) + size : *given, low, high);
    };
    const int64_t begin = bound(number(1), step > 0 ? low : high);
    const int64_t end = bound(number(2), step > 0 ? high : low);
    List out;
    const int64_t stride = std::clamp(step, -size - 1, size + 1);
    for (int64_t i = begin; step > 0 ? i < end : i > end; i += stride)
      out.push_back(list[static_cast<size_t>(i)]);
    if (object.as_text() == nullptr) return made(e.line, Value(std::move(out)));
    MarkedText text;
    for (const Value& character : out) text.append(*character.as_text());
    return made(e.line, Value(std::move(text)));
  }

  Value call(const Expression& e) {
    const Value target = lookup(e.name);
    const Statement* macro = target.as_macro();
    const Arguments arguments = arguments_of(e);
    if (error_) return {};
    if (macro == nullptr) return taken(e, call_function(e.name, arguments, now_unix_s_));
    if (arguments.values.size() > macro->parameters.size())
      return fail_at(e.line, "the macro '" + e.name + "' is given too many arguments");
    for (const auto& [given, value] : arguments.named) {
      const auto at = std::ranges::find(macro->parameters, given, &Parameter::first);
      if (at == macro->parameters.end())
        return fail_at(e.line, "the macro '" + e.name + "' has no argument '" + given + "'");
      if (at - macro->parameters.begin() < static_cast<std::ptrdiff_t>(arguments.values.size()))
        return fail_at(e.line, "the macro '" + e.name + "' is given '" + given + "' twice");
    }
    if (++calls_ > kCallsMax) return fail_at(e.line, "macros call each other too deeply");
    frames_.push_back({{}, nullptr, 0, true});
    for (size_t i = 0; i < macro->parameters.size(); ++i) {
      const auto& [name, fallback] = macro->parameters[i];
      const Value* given = arguments.find(i, name);
      assign(name, given != nullptr ? *given : fallback ? evaluate(*fallback) : Value());
    }
    Value out(captured(macro->body));
    frames_.pop_back();
    --calls_;
    return out;
  }

  Value negate(const Expression& e, const Value& value) {
    if (const auto* integer = value.as_integer()) return Value(-*integer);
    if (const auto* real = value.as_float()) return Value(-*real);
    return fail_at(e.line, "'-' is given " + std::string(value.type_name()));
  }

  Value chain(const Expression& e) {
    Value left = evaluate(*e.items[0]);
    Value holds(true);
    for (size_t i = 0; i < e.arguments.size() && holds.truthy(); ++i) {
      Value right = evaluate(*e.items[i + 1]);
      holds = binary(*e.arguments[i], left, right);
      left = std::move(right);
    }
    return holds;
  }

  Value binary(const Expression& e, const Value& left, const Value& right) {
    if (error_) return {};
    return taken(e, operate(e.name, left, right, work_max_ - std::min(work_, work_max_)));
  }

  int64_t now_unix_s_;
  std::vector<Frame> frames_;
  MarkedText out_;
  std::optional<Error> error_;
  int64_t steps_ = 0;
  size_t work_ = 0;
  size_t work_max_ = 0;
  int calls_ = 0;
};

}  // namespace

Result<MarkedText> render(const std::vector<Statement>& program, Dict variables,
                          int64_t now_unix_s) {
  return Renderer(std::move(variables), now_unix_s).run(program);
}

}  // namespace qaio::jinja
