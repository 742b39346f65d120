// libFuzzer: any bytes as the body of a request for decisions; the first one says to which API.
#include <boost/json.hpp>
#include <cstdlib>
#include <set>
#include <string_view>

#include "base/json.h"
#include "server/api/decision_answer.h"
#include "server/api/decisions_request.h"
#include "server/api/systemone_request.h"
#include "tasks/labels.h"

namespace {

void check(bool holds) {
  if (!holds) std::abort();
}

// Any probabilities, as long as there are enough of them.
qaio::Answer some_answer(const qaio::Question& question, const qaio::QuestionEcho& echo) {
  const size_t count = question.kind == qaio::QuestionKind::kYesNo ? 2 : echo.values.size();
  return make_answer(question.kind, std::vector<double>(count, 1.0 / static_cast<double>(count)));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace qaio;
  if (size == 0) return 0;
  const std::string_view body(reinterpret_cast<const char*>(data) + 1, size - 1);
  repeated_member_path(body);  // also of what is no JSON
  const auto read = data[0] % 2 == 0 ? read_systemone : read_decisions;
  const Result<DecisionRequest> request = read(body, ApiLimits());
  if (!request) {
    check(request.error().code == ErrorCode::kInvalidArgument);
    check(!request.error().message.empty());
    return 0;
  }
  // What passes is within the limits that the layers below are promised, and can be answered.
  const size_t questions = request->questions.size();
  check(questions >= 1 && questions <= kDecisionQuestionsMax);
  check(request->echoes.size() == questions && !trim(request->state).empty());
  std::vector<Answer> answers;
  for (size_t i = 0; i < questions; ++i) {
    const Question& question = request->questions[i];
    check(check_question(question).has_value());
    check(question.kind == QuestionKind::kYesNo ||
          question.options.size() == request->echoes[i].values.size());
    answers.push_back(some_answer(question, request->echoes[i]));
  }
  std::string text;
  JsonWriter json(text);
  write_decision_answer(*request, "m", "v", answers, {}, json);
  check(parse_json(text, "answer", 2 * 100).has_value());
  return 0;
}
