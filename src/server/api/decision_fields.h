// What the two APIs for decisions have in common.
#pragma once

#include <boost/json/value.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "server/api/api.h"
#include "server/api/decision_request.h"
#include "server/http/json_fields.h"

namespace qaio {

// A state of 64 levels, which TypeSafe allows, and what stands around it.
inline constexpr size_t kDecisionDepthMax = 72;

// The body of a request. An object that has a member twice is refused: one of two options of the
// same name would be gone without a word.
Result<JsonFields> parse_decision_body(std::string_view body);

// What both APIs say in the same way into `request`, whose questions are there. `own` are the names
// that only this API has, `fixed` as check_fields() has it.
Result<void> read_decision_fields(const JsonFields& fields, std::span<const std::string_view> own,
                                  const ApiLimits& limits, DecisionRequest& request);

// kInvalidArgument unless there are 1 to kDecisionQuestionsMax.
Result<void> check_question_count(const JsonFields& fields, size_t count);

// A hostile name is not echoed at length.
std::string shown_name(std::string_view name);

// Adds a question that can be asked. What is wrong with it is said of its member `options_name` or,
// where nothing is asked, of its instructions.
Result<void> add_question(Question question, QuestionEcho echo, std::string_view options_name,
                          DecisionRequest& request);

}  // namespace qaio
