#include "tasks/jinja_expression_parser.h"

#include <charconv>

namespace qaio::jinja {

Result<ExpressionPtr> ExpressionParser::expression() {
  if (++depth_ > kDepthMax) return error("an expression is nested too deeply");
  QAIO_ASSIGN(ExpressionPtr value, or_expression());
  while (accept_name("if")) {
    QAIO_ASSIGN(ExpressionPtr condition, or_expression());
    ExpressionPtr otherwise;
    if (accept_name("else")) {
      QAIO_ASSIGN(otherwise, expression());
    }
    QAIO_ASSIGN(value, node(ExpressionKind::kIf, "", std::move(value), std::move(condition),
                            std::move(otherwise)));
  }
  --depth_;
  return value;
}

Result<ExpressionPtr> ExpressionParser::tuple() {
  QAIO_ASSIGN(ExpressionPtr first, expression());
  if (!is_operator(",")) return first;
  QAIO_ASSIGN(ExpressionPtr list, node(ExpressionKind::kList, "", std::move(first)));
  while (accept_operator(",")) QAIO_RETURN_IF_ERROR(add_item(*list));
  return list;
}

Result<void> ExpressionParser::add_item(Expression& list) {
  QAIO_ASSIGN(ExpressionPtr item, expression());
  list.depth = std::max(list.depth, item->depth + 1);
  list.items.push_back(std::move(item));
  return {};
}

Result<ExpressionPtr> ExpressionParser::or_expression() {
  QAIO_ASSIGN(ExpressionPtr left, and_expression());
  while (accept_name("or")) {
    QAIO_ASSIGN(ExpressionPtr right, and_expression());
    QAIO_ASSIGN(left, node(ExpressionKind::kOr, "", std::move(left), std::move(right)));
  }
  return left;
}

Result<ExpressionPtr> ExpressionParser::and_expression() {
  QAIO_ASSIGN(ExpressionPtr left, not_expression());
  while (accept_name("and")) {
    QAIO_ASSIGN(ExpressionPtr right, not_expression());
    QAIO_ASSIGN(left, node(ExpressionKind::kAnd, "", std::move(left), std::move(right)));
  }
  return left;
}

Result<ExpressionPtr> ExpressionParser::not_expression() {
  if (!accept_name("not")) return comparison();
  if (++depth_ > kDepthMax) return error("an expression is nested too deeply");
  QAIO_ASSIGN(ExpressionPtr operand, not_expression());
  --depth_;
  return node(ExpressionKind::kNot, "", std::move(operand));
}

std::string ExpressionParser::take_comparison() {
  std::string name;
  for (const char* op : {"==", "!=", "<", ">", "<=", ">="}) {
    if (is_operator(op)) name = op;
  }
  if (is_name("in")) name = "in";
  if (is_name("not") && peek(1).kind == TokenKind::kName && peek(1).text == "in") name = "not in";
  at_ += name.empty() ? 0 : name == "not in" ? 2 : 1;
  return name;
}

Result<ExpressionPtr> ExpressionParser::comparison() {
  QAIO_ASSIGN(ExpressionPtr left, sum());
  std::string name = take_comparison();
  if (name.empty()) return left;
  QAIO_ASSIGN(ExpressionPtr right, sum());
  QAIO_ASSIGN(ExpressionPtr both,
              node(ExpressionKind::kBinary, name, std::move(left), std::move(right)));
  if ((name = take_comparison()).empty()) return both;
  // a < b < c: Python takes it pairwise and each operand once
  QAIO_ASSIGN(ExpressionPtr chain, node(ExpressionKind::kChain, ""));
  chain->depth = both->depth;
  QAIO_ASSIGN(ExpressionPtr first, node(ExpressionKind::kBinary, both->name));
  chain->items = std::move(both->items);
  chain->arguments.push_back(std::move(first));
  for (; !name.empty(); name = take_comparison()) {
    QAIO_ASSIGN(ExpressionPtr next, node(ExpressionKind::kBinary, name));
    chain->arguments.push_back(std::move(next));
    QAIO_ASSIGN(ExpressionPtr operand, sum());
    chain->depth = std::max(chain->depth, operand->depth + 1);
    chain->items.push_back(std::move(operand));
  }
  return chain;
}

Result<ExpressionPtr> ExpressionParser::left_to_right(
    std::initializer_list<std::string_view> operators, Level operand) {
  QAIO_ASSIGN(ExpressionPtr left, (this->*operand)());
  while (is(TokenKind::kOperator) && std::ranges::find(operators, peek().text) != operators.end()) {
    const std::string name = tokens_[at_++].text;
    QAIO_ASSIGN(ExpressionPtr right, (this->*operand)());
    QAIO_ASSIGN(left, node(ExpressionKind::kBinary, name, std::move(left), std::move(right)));
  }
  return left;
}

Result<ExpressionPtr> ExpressionParser::sum() {
  return left_to_right({"+", "-"}, &ExpressionParser::concatenation);
}

Result<ExpressionPtr> ExpressionParser::concatenation() {
  return left_to_right({"~"}, &ExpressionParser::product);
}

Result<ExpressionPtr> ExpressionParser::product() {
  return left_to_right({"*", "/", "//", "%"}, &ExpressionParser::power);
}

Result<ExpressionPtr> ExpressionParser::power() {
  return left_to_right({"**"}, &ExpressionParser::signed_value);
}

Result<ExpressionPtr> ExpressionParser::signed_value() { return unary(true); }

Result<ExpressionPtr> ExpressionParser::unary(bool filters) {
  if (!accept_operator("-")) {
    QAIO_ASSIGN(ExpressionPtr value, primary());
    return postfix(std::move(value), filters);
  }
  if (++depth_ > kDepthMax) return error("an expression is nested too deeply");
  QAIO_ASSIGN(ExpressionPtr operand, unary(false));
  --depth_;
  QAIO_ASSIGN(ExpressionPtr negative, node(ExpressionKind::kNegate, "", std::move(operand)));
  return postfix(std::move(negative), filters);
}

Result<ExpressionPtr> ExpressionParser::literal(Value value) {
  QAIO_ASSIGN(ExpressionPtr out, node(ExpressionKind::kLiteral, ""));
  out->literal = std::move(value);
  return out;
}

Result<ExpressionPtr> ExpressionParser::primary() {
  const Token& token = peek();
  if (is(TokenKind::kString)) {
    std::string text;
    while (is(TokenKind::kString)) text += tokens_[at_++].text;  // neighbours are joined
    return literal(Value::of_template(std::move(text)));
  }
  if (is(TokenKind::kInteger)) {
    int64_t number = 0;
    std::from_chars(token.text.data(), token.text.data() + token.text.size(), number);
    ++at_;
    return literal(Value(number));
  }
  if (is(TokenKind::kFloat)) {
    double number = 0;
    std::from_chars(token.text.data(), token.text.data() + token.text.size(), number);
    ++at_;
    return literal(Value(number));
  }
  if (is(TokenKind::kName)) return name_or_constant();
  if (accept_operator("(")) {
    if (accept_operator(")")) return node(ExpressionKind::kList, "");
    QAIO_ASSIGN(ExpressionPtr value, tuple());
    QAIO_RETURN_IF_ERROR(expect_operator(")"));
    return value;
  }
  if (accept_operator("[")) return list();
  if (accept_operator("{")) return dict();
  return error("expected a value");
}

Result<ExpressionPtr> ExpressionParser::name_or_constant() {
  const std::string name = tokens_[at_++].text;
  if (name == "true" || name == "True") return literal(Value(true));
  if (name == "false" || name == "False") return literal(Value(false));
  if (name == "none" || name == "None") return literal(Value(None()));
  for (const char* keyword : {"if", "else", "in", "is", "and", "or", "not"}) {
    if (name == keyword) return error("expected a value before '" + name + "'");
  }
  if (!is_operator("(")) return node(ExpressionKind::kName, name);
  QAIO_ASSIGN(ExpressionPtr call, node(ExpressionKind::kCall, name));
  QAIO_RETURN_IF_ERROR(arguments(*call));
  if (is_known(CallKind::kFunction, name))
    QAIO_RETURN_IF_ERROR(check_arguments(CallKind::kFunction, *call));
  return call;
}

Result<ExpressionPtr> ExpressionParser::list() {
  QAIO_ASSIGN(ExpressionPtr out, node(ExpressionKind::kList, ""));
  while (!accept_operator("]")) {
    QAIO_RETURN_IF_ERROR(add_item(*out));
    if (!is_operator("]")) QAIO_RETURN_IF_ERROR(expect_operator(","));
  }
  return out;
}

Result<ExpressionPtr> ExpressionParser::dict() {
  QAIO_ASSIGN(ExpressionPtr out, node(ExpressionKind::kDict, ""));
  while (!accept_operator("}")) {
    QAIO_RETURN_IF_ERROR(add_item(*out));
    QAIO_RETURN_IF_ERROR(expect_operator(":"));
    QAIO_RETURN_IF_ERROR(add_item(*out));
    if (!is_operator("}")) QAIO_RETURN_IF_ERROR(expect_operator(","));
  }
  return out;
}

Result<void> ExpressionParser::arguments(Expression& call) {
  QAIO_RETURN_IF_ERROR(expect_operator("("));
  while (!accept_operator(")")) {
    const bool named =
        is(TokenKind::kName) && peek(1).kind == TokenKind::kOperator && peek(1).text == "=";
    std::string name = named ? peek().text : std::string();
    if (named) at_ += 2;
    QAIO_ASSIGN(ExpressionPtr value, expression());
    call.depth = std::max(call.depth, value->depth + 1);
    if (named) {
      call.named.emplace_back(std::move(name), std::move(value));
    } else {
      call.arguments.push_back(std::move(value));
    }
    if (!is_operator(")")) QAIO_RETURN_IF_ERROR(expect_operator(","));
  }
  return {};
}

Result<void> ExpressionParser::arguments_of(CallKind kind, Expression& call) {
  if (is_operator("(")) QAIO_RETURN_IF_ERROR(arguments(call));
  return check_arguments(kind, call);
}

Result<void> ExpressionParser::check_arguments(CallKind kind, const Expression& call) const {
  std::vector<std::string_view> named;
  for (const auto& [name, value] : call.named) named.emplace_back(name);
  const std::string fault = wrong_arguments(kind, call.name, call.arguments.size(), named);
  if (!fault.empty()) return error(fault);
  return {};
}

Result<ExpressionPtr> ExpressionParser::postfix(ExpressionPtr value, bool filters) {
  while (true) {
    if (accept_operator(".")) {
      QAIO_ASSIGN(const std::string name, expect_name());
      const bool call = is_operator("(");
      if (call && !is_known(CallKind::kMethod, name))
        return error("the method '" + name + "' is not supported");
      QAIO_ASSIGN(value, node(call ? ExpressionKind::kMethod : ExpressionKind::kAttribute, name,
                              std::move(value)));
      if (call) QAIO_RETURN_IF_ERROR(arguments_of(CallKind::kMethod, *value));
    } else if (accept_operator("[")) {
      QAIO_ASSIGN(value, subscript(std::move(value)));
    } else if (filters && accept_operator("|")) {
      QAIO_ASSIGN(value, filter(std::move(value)));
    } else if (filters && accept_name("is")) {
      QAIO_ASSIGN(value, test(std::move(value)));
    } else {
      return value;
    }
  }
}

Result<ExpressionPtr> ExpressionParser::subscript(ExpressionPtr value) {
  ExpressionPtr parts[3];
  int colons = 0;
  while (!accept_operator("]")) {
    if (accept_operator(":")) {
      if (++colons > 2) return error("expected ']'");
      continue;
    }
    if (parts[colons]) return error("expected ']'");
    QAIO_ASSIGN(parts[colons], expression());
  }
  if (colons == 0 && !parts[0]) return error("expected an index");
  if (colons == 0) {
    return node(ExpressionKind::kIndex, "", std::move(value), std::move(parts[0]));
  }
  return node(ExpressionKind::kSlice, "", std::move(value), std::move(parts[0]),
              std::move(parts[1]), std::move(parts[2]));
}

Result<ExpressionPtr> ExpressionParser::filter(ExpressionPtr value) {
  QAIO_ASSIGN(const std::string name, expect_name());
  if (!is_known(CallKind::kFilter, name))
    return error("the filter '" + name + "' is not supported");
  QAIO_ASSIGN(ExpressionPtr out, node(ExpressionKind::kFilter, name, std::move(value)));
  QAIO_RETURN_IF_ERROR(arguments_of(CallKind::kFilter, *out));
  return out;
}

Result<ExpressionPtr> ExpressionParser::test(ExpressionPtr value) {
  const bool negated = accept_name("not");
  QAIO_ASSIGN(const std::string name, expect_name());
  if (!is_known(CallKind::kTest, name)) return error("the test '" + name + "' is not supported");
  QAIO_ASSIGN(ExpressionPtr out, node(ExpressionKind::kTest, name, std::move(value)));
  if (!is_operator("(") && takes_arguments(CallKind::kTest, name)) {  // x is divisibleby 3
    QAIO_ASSIGN(ExpressionPtr operand, primary());
    QAIO_ASSIGN(operand, postfix(std::move(operand), false));
    out->depth = std::max(out->depth, operand->depth + 1);
    out->arguments.push_back(std::move(operand));
  }
  QAIO_RETURN_IF_ERROR(arguments_of(CallKind::kTest, *out));
  if (!negated) return out;
  return node(ExpressionKind::kNot, "", std::move(out));
}

}  // namespace qaio::jinja
