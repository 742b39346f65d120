// The expressions of a chat template: what stands in {{ }} and in the heads of {% %}.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tasks/jinja_ast.h"
#include "tasks/jinja_lexer.h"
#include "tasks/jinja_signatures.h"

namespace qaio::jinja {

// Recursive descent over a template's tokens; the parser of statements goes on from here.
class ExpressionParser {
 protected:
  static constexpr int kDepthMax = 100;  // of statements, and of the tree of one expression

  explicit ExpressionParser(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

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

  Result<ExpressionPtr> expression();
  // One value, or several with commas between them: a list.
  Result<ExpressionPtr> tuple();
  Result<ExpressionPtr> or_expression();

  std::vector<Token> tokens_;
  size_t at_ = 0;
  int depth_ = 0;

 private:
  using Level = Result<ExpressionPtr> (ExpressionParser::*)();

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

  Result<void> add_item(Expression& list);
  Result<ExpressionPtr> and_expression();
  Result<ExpressionPtr> not_expression();
  // The comparison that stands here; empty: none.
  std::string take_comparison();
  Result<ExpressionPtr> comparison();
  Result<ExpressionPtr> left_to_right(std::initializer_list<std::string_view> operators,
                                      Level operand);
  Result<ExpressionPtr> sum();
  Result<ExpressionPtr> concatenation();
  Result<ExpressionPtr> product();
  Result<ExpressionPtr> power();
  Result<ExpressionPtr> signed_value();
  // Filters and tests are of the value with its sign: -1|abs is 1.
  Result<ExpressionPtr> unary(bool filters);
  Result<ExpressionPtr> literal(Value value);
  Result<ExpressionPtr> primary();
  Result<ExpressionPtr> name_or_constant();
  Result<ExpressionPtr> list();
  Result<ExpressionPtr> dict();
  // "(" value, name=value, ... ")"
  Result<void> arguments(Expression& call);
  // "(" ... ")" of a call whose name decides what it takes.
  Result<void> arguments_of(CallKind kind, Expression& call);
  Result<void> check_arguments(CallKind kind, const Expression& call) const;
  Result<ExpressionPtr> postfix(ExpressionPtr value, bool filters);
  Result<ExpressionPtr> subscript(ExpressionPtr value);
  Result<ExpressionPtr> filter(ExpressionPtr value);
  Result<ExpressionPtr> test(ExpressionPtr value);
};

}  // namespace qaio::jinja
