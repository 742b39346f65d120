#include "tasks/jinja_parser.h"

#include <algorithm>
#include <initializer_list>

#include "tasks/jinja_expression_parser.h"
#include "tasks/jinja_lexer.h"

namespace qaio::jinja {
namespace {

constexpr size_t kSourceBytesMax = size_t{256} << 10;

class Parser : private ExpressionParser {
 public:
  explicit Parser(std::vector<Token> tokens) : ExpressionParser(std::move(tokens)) {}

  Result<std::vector<Statement>> run() {
    QAIO_ASSIGN(std::vector<Statement> body, statements({}));
    if (!is(TokenKind::kEnd)) return error("'" + peek(1).text + "' stands without its beginning");
    return body;
  }

 private:
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

  int loops_ = 0;
};

}  // namespace

Result<std::vector<Statement>> parse(std::string_view source) {
  if (source.size() > kSourceBytesMax) return template_error(1, "more than 256 KiB");
  QAIO_ASSIGN(std::vector<Token> tokens, tokenize(source));
  return Parser(std::move(tokens)).run();
}

}  // namespace qaio::jinja
