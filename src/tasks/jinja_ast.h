// A chat template as parsed: plain data that the renderer walks.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tasks/jinja_value.h"

namespace qaio::jinja {

struct Expression;
using ExpressionPtr = std::unique_ptr<Expression>;

enum class ExpressionKind : uint8_t {
  kLiteral,
  kName,
  kList,       // items
  kDict,       // items: key, value, key, value, ...
  kAttribute,  // items[0].name
  kIndex,      // items[0][items[1]]
  kSlice,      // items[0][items[1] : items[2] : items[3]], absent ones null
  kCall,       // name(arguments): a macro or a function
  kMethod,     // items[0].name(arguments)
  kFilter,     // items[0] | name(arguments)
  kTest,       // items[0] is name(arguments)
  kNegate,
  kNot,
  kAnd,
  kOr,
  kBinary,  // items[0] name items[1]: arithmetic, comparison, "in", "not in", "~"
  kChain,   // items[0] arguments[0].name items[1] arguments[1].name items[2] ...: comparisons
  kIf,      // items[0] if items[1] else items[2], which may be null
};

struct Expression {
  ExpressionKind kind = ExpressionKind::kLiteral;
  int line = 1;
  int depth = 1;
  std::string name;
  Value literal;
  std::vector<ExpressionPtr> items;
  std::vector<ExpressionPtr> arguments;
  std::vector<std::pair<std::string, ExpressionPtr>> named;  // keyword arguments
};

enum class StatementKind : uint8_t {
  kText,
  kPrint,
  kFor,       // names in expression, if condition: body; without any: otherwise
  kIf,        // expression: body; else: otherwise
  kSet,       // names = expression, or name.attribute = expression
  kSetBlock,  // names[0] = what body prints
  kMacro,     // text(parameters): body
  kGroup,     // body alone
  kBreak,
  kContinue,
};

struct Statement {
  StatementKind kind = StatementKind::kText;
  int line = 1;
  std::string text;
  std::vector<std::string> names;
  std::string attribute;
  ExpressionPtr expression;
  ExpressionPtr condition;
  std::vector<std::pair<std::string, ExpressionPtr>> parameters;  // with their defaults or null
  std::vector<Statement> body;
  std::vector<Statement> otherwise;
};

}  // namespace qaio::jinja
