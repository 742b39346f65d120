#include "tasks/jinja_parser.h"

#include <algorithm>
#include <charconv>
#include <initializer_list>

#include "tasks/jinja_lexer.h"
#include "tasks/jinja_signatures.h"

namespace qaio::jinja {
namespace {

constexpr int kDepthMax = 100;  // of statements, and of the tree of one expression
constexpr size_t kSourceBytesMax = size_t{256} << 10;

class Parser {
 public:
  explicit Parser(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  Result<std::vector<Statement>> run() {
    QAIO_ASSIGN(std::vector<Statement> body, statements({}));
    if (!is(TokenKind::kEnd)) return error("'" + peek(1).text + "' stands without its beginning");
    return body;
  }

 private:
  const Token& peek(size_t ahead = 0) const {
    return tokens_[std::min(at_ + ahead, tokens_.size() - 1)];
  }
  bool is(TokenKind kind) const { return peek().kind == kind; }
  bool is(TokenKind kind, std::string_view text) const { return is(kind) && peek().text == text; }
  bool is_operator(std::string_view text) const { return is(TokenKind::kOperator, text); }
  bool is_name(std::string_view text) const { return is(TokenKind::kName, text); }
  bool accept(TokenKind kind, std::string_view text) {
    if (!is(kind, text)) return false;
    ++at_;
    return true;
  }
  bool accept_operator(std::string_view text) { return accept(TokenKind::kOperator, text); }
  bool accept_name(std::string_view text) { return accept(TokenKind::kName, text); }
  tl::unexpected<Error> error(const std::string& reason) const {
    return template_error(peek().line, reason);
  }
  Result<void> expect(TokenKind kind, std::string_view text, std::string_view what) {
    if (!is(kind) || peek().text != text) return error("expected " + std::string(what));
    ++at_;
    return {};
  }
  Result<void> expect_operator(std::string_view text) {
    return expect(TokenKind::kOperator, text, "'" + std::string(text) + "'");
  }
  Result<void> expect_block_end() { return expect(TokenKind::kBlockEnd, "", "'%}'"); }
  Result<std::string> expect_name() {
    if (!is(TokenKind::kName)) return error("expected a name");
    return tokens_[at_++].text;
  }

  // Statements up to {% one of `ends` %}, which stays, or the end of the source.
  Result<std::vector<Statement>> statements(std::initializer_list<std::string_view> ends) {
    std::vector<Statement> out;
    if (++depth_ > kDepthMax) return error("blocks are nested too deeply");
    while (!is(TokenKind::kEnd)) {
      Statement statement;
      statement.line = peek().line;
      if (is(TokenKind::kText)) {
        statement.text = tokens_[at_++].text;
      } else if (is(TokenKind::kPrintBegin)) {
        ++at_;
        statement.kind = StatementKind::kPrint;
        QAIO_ASSIGN(statement.expression, expression());
        QAIO_RETURN_IF_ERROR(expect(TokenKind::kPrintEnd, "", "'}}'"));
      } else if (peek(1).kind == TokenKind::kName &&
                 (std::ranges::find(ends, peek(1).text) != ends.end() ||
                  peek(1).text.starts_with("end") || peek(1).text.starts_with("el"))) {
        break;
      } else {
        ++at_;
        QAIO_RETURN_IF_ERROR(block(statement));
      }
      out.push_back(std::move(statement));
    }
    --depth_;
    return out;
  }

  // {% name %} after a list of statements that stopped there.
  Result<void> end_of_block(std::string_view name) {
    if (!is(TokenKind::kBlockBegin) || peek(1).text != name)
      return error("expected {% " + std::string(name) + " %}");
    at_ += 2;
    return expect_block_end();
  }

  Result<void> block(Statement& statement) {
    QAIO_ASSIGN(const std::string name, expect_name());
    if (name == "if") return if_block(statement);
    if (name == "for") return for_block(statement);
    if (name == "set") return set_block(statement);
    if (name == "macro") return macro_block(statement);
    if (name == "break" || name == "continue") {
      statement.kind = name == "break" ? StatementKind::kBreak : StatementKind::kContinue;
      if (loops_ == 0) return error("{% " + name + " %} outside a loop");
      return expect_block_end();
    }
    if (name == "generation") {  // marks what training learns; nothing to a prompt
      statement.kind = StatementKind::kGroup;
      QAIO_RETURN_IF_ERROR(expect_block_end());
      QAIO_ASSIGN(statement.body, statements({"endgeneration"}));
      return end_of_block("endgeneration");
    }
    return error("the tag {% " + name + " %} is not supported");
  }

  Result<void> if_block(Statement& statement) {
    statement.kind = StatementKind::kIf;
    QAIO_ASSIGN(statement.expression, expression());
    QAIO_RETURN_IF_ERROR(expect_block_end());
    QAIO_ASSIGN(statement.body, statements({"elif", "else", "endif"}));
    if (peek(1).text == "elif") {
      if (++depth_ > kDepthMax) return error("too many branches");
      at_ += 2;
      Statement next;
      next.line = peek().line;
      QAIO_RETURN_IF_ERROR(if_block(next));  // takes the {% endif %} that both share
      statement.otherwise.push_back(std::move(next));
      --depth_;
      return {};
    }
    if (peek(1).text == "else") {
      QAIO_RETURN_IF_ERROR(end_of_block("else"));
      QAIO_ASSIGN(statement.otherwise, statements({"endif"}));
    }
    return end_of_block("endif");
  }

  Result<void> for_block(Statement& statement) {
    statement.kind = StatementKind::kFor;
    do {
      QAIO_ASSIGN(std::string name, expect_name());
      statement.names.push_back(std::move(name));
    } while (accept_operator(","));
    QAIO_RETURN_IF_ERROR(expect(TokenKind::kName, "in", "'in'"));
    QAIO_ASSIGN(statement.expression, or_expression());  // "if" begins the condition here
    if (accept_name("if")) {
      QAIO_ASSIGN(statement.condition, expression());
    }
    QAIO_RETURN_IF_ERROR(expect_block_end());
    ++loops_;
    QAIO_ASSIGN(statement.body, statements({"else", "endfor"}));
    --loops_;
    if (peek(1).text == "else") {
      QAIO_RETURN_IF_ERROR(end_of_block("else"));
      QAIO_ASSIGN(statement.otherwise, statements({"endfor"}));
    }
    return end_of_block("endfor");
  }

  Result<void> set_block(Statement& statement) {
    statement.kind = StatementKind::kSet;
    do {
      QAIO_ASSIGN(std::string name, expect_name());
      statement.names.push_back(std::move(name));
    } while (accept_operator(","));
    if (statement.names.size() == 1 && accept_operator(".")) {
      QAIO_ASSIGN(statement.attribute, expect_name());
    }
    if (accept_operator("=")) {
      QAIO_ASSIGN(statement.expression, tuple());
      return expect_block_end();
    }
    if (statement.names.size() != 1 || !statement.attribute.empty()) return error("expected '='");
    statement.kind = StatementKind::kSetBlock;
    QAIO_RETURN_IF_ERROR(expect_block_end());
    QAIO_ASSIGN(statement.body, statements({"endset"}));
    return end_of_block("endset");
  }

  Result<void> macro_block(Statement& statement) {
    statement.kind = StatementKind::kMacro;
    QAIO_ASSIGN(statement.text, expect_name());
    QAIO_RETURN_IF_ERROR(expect_operator("("));
    while (!accept_operator(")")) {
      QAIO_ASSIGN(std::string name, expect_name());
      ExpressionPtr fallback;
      if (accept_operator("=")) {
        QAIO_ASSIGN(fallback, expression());
      }
      statement.parameters.emplace_back(std::move(name), std::move(fallback));
      if (!is_operator(")")) QAIO_RETURN_IF_ERROR(expect_operator(","));
    }
    QAIO_RETURN_IF_ERROR(expect_block_end());
    const int loops = std::exchange(loops_, 0);
    QAIO_ASSIGN(statement.body, statements({"endmacro"}));
    loops_ = loops;
    return end_of_block("endmacro");
  }

  template <typename... Items>
  Result<ExpressionPtr> node(ExpressionKind kind, std::string name, Items... items) {
    auto out = std::make_unique<Expression>();
    out->kind = kind;
    out->line = peek().line;
    out->name = std::move(name);
    (out->items.push_back(std::move(items)), ...);
    for (const ExpressionPtr& item : out->items) {
      if (item) out->depth = std::max(out->depth, item->depth + 1);
    }
    if (out->depth > kDepthMax) return error("an expression is nested too deeply");
    return out;
  }

  Result<ExpressionPtr> expression() {
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

  // One value, or several with commas between them: a list.
  Result<ExpressionPtr> tuple() {
    QAIO_ASSIGN(ExpressionPtr first, expression());
    if (!is_operator(",")) return first;
    QAIO_ASSIGN(ExpressionPtr list, node(ExpressionKind::kList, "", std::move(first)));
    while (accept_operator(",")) QAIO_RETURN_IF_ERROR(add_item(*list));
    return list;
  }

  Result<void> add_item(Expression& list) {
    QAIO_ASSIGN(ExpressionPtr item, expression());
    list.depth = std::max(list.depth, item->depth + 1);
    list.items.push_back(std::move(item));
    return {};
  }

  Result<ExpressionPtr> or_expression() {
    QAIO_ASSIGN(ExpressionPtr left, and_expression());
    while (accept_name("or")) {
      QAIO_ASSIGN(ExpressionPtr right, and_expression());
      QAIO_ASSIGN(left, node(ExpressionKind::kOr, "", std::move(left), std::move(right)));
    }
    return left;
  }

  Result<ExpressionPtr> and_expression() {
    QAIO_ASSIGN(ExpressionPtr left, not_expression());
    while (accept_name("and")) {
      QAIO_ASSIGN(ExpressionPtr right, not_expression());
      QAIO_ASSIGN(left, node(ExpressionKind::kAnd, "", std::move(left), std::move(right)));
    }
    return left;
  }

  Result<ExpressionPtr> not_expression() {
    if (!accept_name("not")) return comparison();
    if (++depth_ > kDepthMax) return error("an expression is nested too deeply");
    QAIO_ASSIGN(ExpressionPtr operand, not_expression());
    --depth_;
    return node(ExpressionKind::kNot, "", std::move(operand));
  }

  // The comparison that stands here; empty: none.
  std::string take_comparison() {
    std::string name;
    for (const char* op : {"==", "!=", "<", ">", "<=", ">="}) {
      if (is_operator(op)) name = op;
    }
    if (is_name("in")) name = "in";
    if (is_name("not") && peek(1).kind == TokenKind::kName && peek(1).text == "in") name = "not in";
    at_ += name.empty() ? 0 : name == "not in" ? 2 : 1;
    return name;
  }

  Result<ExpressionPtr> comparison() {
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

  using Level = Result<ExpressionPtr> (Parser::*)();
  Result<ExpressionPtr> left_to_right(std::initializer_list<std::string_view> operators,
                                      Level operand) {
    QAIO_ASSIGN(ExpressionPtr left, (this->*operand)());
    while (is(TokenKind::kOperator) &&
           std::ranges::find(operators, peek().text) != operators.end()) {
      const std::string name = tokens_[at_++].text;
      QAIO_ASSIGN(ExpressionPtr right, (this->*operand)());
      QAIO_ASSIGN(left, node(ExpressionKind::kBinary, name, std::move(left), std::move(right)));
    }
    return left;
  }
  Result<ExpressionPtr> sum() { return left_to_right({"+", "-"}, &Parser::concatenation); }
  Result<ExpressionPtr> concatenation() { return left_to_right({"~"}, &Parser::product); }
  Result<ExpressionPtr> product() { return left_to_right({"*", "/", "//", "%"}, &Parser::power); }
  Result<ExpressionPtr> power() { return left_to_right({"**"}, &Parser::signed_value); }
  Result<ExpressionPtr> signed_value() { return unary(true); }

  // Filters and tests are of the value with its sign: -1|abs is 1.
  Result<ExpressionPtr> unary(bool filters) {
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

  Result<ExpressionPtr> literal(Value value) {
    QAIO_ASSIGN(ExpressionPtr out, node(ExpressionKind::kLiteral, ""));
    out->literal = std::move(value);
    return out;
  }

  Result<ExpressionPtr> primary() {
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

  Result<ExpressionPtr> name_or_constant() {
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

  Result<ExpressionPtr> list() {
    QAIO_ASSIGN(ExpressionPtr out, node(ExpressionKind::kList, ""));
    while (!accept_operator("]")) {
      QAIO_RETURN_IF_ERROR(add_item(*out));
      if (!is_operator("]")) QAIO_RETURN_IF_ERROR(expect_operator(","));
    }
    return out;
  }

  Result<ExpressionPtr> dict() {
    QAIO_ASSIGN(ExpressionPtr out, node(ExpressionKind::kDict, ""));
    while (!accept_operator("}")) {
      QAIO_RETURN_IF_ERROR(add_item(*out));
      QAIO_RETURN_IF_ERROR(expect_operator(":"));
      QAIO_RETURN_IF_ERROR(add_item(*out));
      if (!is_operator("}")) QAIO_RETURN_IF_ERROR(expect_operator(","));
    }
    return out;
  }

  // "(" value, name=value, ... ")"
  Result<void> arguments(Expression& call) {
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

  // "(" ... ")" of a call whose name decides what it takes.
  Result<void> arguments_of(CallKind kind, Expression& call) {
    if (is_operator("(")) QAIO_RETURN_IF_ERROR(arguments(call));
    return check_arguments(kind, call);
  }
  Result<void> check_arguments(CallKind kind, const Expression& call) const {
    std::vector<std::string_view> named;
    for (const auto& [name, value] : call.named) named.emplace_back(name);
    const std::string fault = wrong_arguments(kind, call.name, call.arguments.size(), named);
    if (!fault.empty()) return error(fault);
    return {};
  }

  Result<ExpressionPtr> postfix(ExpressionPtr value, bool filters) {
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

  Result<ExpressionPtr> subscript(ExpressionPtr value) {
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

  Result<ExpressionPtr> filter(ExpressionPtr value) {
    QAIO_ASSIGN(const std::string name, expect_name());
    if (!is_known(CallKind::kFilter, name))
      return error("the filter '" + name + "' is not supported");
    QAIO_ASSIGN(ExpressionPtr out, node(ExpressionKind::kFilter, name, std::move(value)));
    QAIO_RETURN_IF_ERROR(arguments_of(CallKind::kFilter, *out));
    return out;
  }

  Result<ExpressionPtr> test(ExpressionPtr value) {
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

  std::vector<Token> tokens_;
  size_t at_ = 0;
  int depth_ = 0;
  int loops_ = 0;
};

}  // namespace

Result<std::vector<Statement>> parse(std::string_view source) {
  if (source.size() > kSourceBytesMax) return template_error(1, "more than 256 KiB");
  QAIO_ASSIGN(std::vector<Token> tokens, tokenize(source));
  return Parser(std::move(tokens)).run();
}

}  // namespace qaio::jinja
