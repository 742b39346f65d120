#include "server/api/decision_fields.h"

#include <fmt/format.h>

#include <array>
#include <boost/json.hpp>
#include <cmath>
#include <optional>
#include <utility>

#include "base/json.h"
#include "base/utf8.h"
#include "server/api/common_fields.h"
#include "server/api/openai_fields.h"
#include "server/api/thinking_fields.h"
#include "tasks/labels.h"

namespace qaio {
namespace {

constexpr auto kShared = std::to_array<std::string_view>(
    {"model", "questions", "permutations", "timeout_ms", "prompt_cache_options"});

constexpr std::string_view kNoMedia = "this model reads text only";
constexpr auto kFixed = std::to_array<FixedField>({
    {"images", "[[]]", kNoMedia},
    {"files", "[[]]", kNoMedia},
    {"audio", "[[]]", kNoMedia},
    {"stream", "[false]", "all answers come at once"},
    {"instructions", R"([""])", "send a system message first"},
});

// Where in `value` a number is that no double can hold, as 1e999: JSON allows it, but neither could
// the model be told of it nor an answer repeat it. The path behind that of `value`, which is put
// together only once there is one: names may be long, and elements many. Recursion ends: the parser
// limits nesting.
std::optional<std::string> infinite_number_place(const boost::json::value& value) {
  if (value.is_double()) {
    return std::isfinite(value.get_double()) ? std::nullopt : std::optional(std::string());
  }
  if (const auto* object = value.if_object()) {
    for (const auto& member : *object) {
      if (auto place = infinite_number_place(member.value())) {
        return "." + shown_name(member.key()) + *place;
      }
    }
  } else if (const auto* array = value.if_array()) {
    for (size_t i = 0; i < array->size(); ++i) {
      if (auto place = infinite_number_place((*array)[i])) return fmt::format("[{}]{}", i, *place);
    }
  }
  return std::nullopt;
}

}  // namespace

Result<JsonFields> parse_decision_body(std::string_view body) {
  QAIO_ASSIGN(JsonFields fields, JsonFields::parse(body, kDecisionDepthMax));
  for (const std::string_view name : fields.names()) {
    const boost::json::value* value = fields.find(name);
    const auto place = value == nullptr ? std::nullopt : infinite_number_place(*value);
    if (!place) continue;
    const std::string path = shown_name(std::string(name) + *place);
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("'{}' is a number beyond 1.8e308, the largest that can be read", path),
                path);
  }
  return fields;
}

Result<void> read_decision_fields(const JsonFields& fields, std::span<const std::string_view> own,
                                  const ApiLimits& limits, DecisionRequest& request) {
  std::vector<std::string_view> known(own.begin(), own.end());
  known.insert(known.end(), kShared.begin(), kShared.end());
  known.insert(known.end(), kThinkingFields.begin(), kThinkingFields.end());
  QAIO_RETURN_IF_ERROR(check_fields(fields, known, kFixed, request.ignored));
  if (fields.find("model") != nullptr) {
    QAIO_ASSIGN(request.model, fields.text("model"));
    if (trim(request.model).empty()) return fields.must_be("model", "a name, or absent");
  }
  QAIO_ASSIGN(const ThinkingWish thinking, read_thinking(fields));
  QAIO_RETURN_IF_ERROR(refuse_thinking(thinking, "a decision is what it would answer at once"));
  QAIO_ASSIGN(request.time, read_timeout(fields, limits.request_time));
  QAIO_ASSIGN(const auto permutations, fields.integer("permutations", 1, kPermutationsMax));
  for (Question& question : request.questions) {
    question.permutations = static_cast<int>(permutations.value_or(1));
  }
  return {};
}

Result<void> check_question_count(const JsonFields& fields, size_t count) {
  if (count >= 1 && count <= kDecisionQuestionsMax) return {};
  return fields.must_be("questions", fmt::format("1 to {} questions, not {}; send several requests "
                                                 "for more, the state is not computed again",
                                                 kDecisionQuestionsMax, count));
}

std::string shown_name(std::string_view name) {
  constexpr size_t kShownBytes = 100;
  return replace_invalid_utf8(name.substr(0, kShownBytes));
}

Result<void> add_question(Question question, QuestionEcho echo, std::string_view options_name,
                          DecisionRequest& request) {
  if (auto checked = check_question(question); !checked) {
    const bool asks_nothing = question.kind == QuestionKind::kYesNo;
    const std::string field =
        fmt::format("{}.{}", echo.path, asks_nothing ? "instructions" : options_name);
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("'{}' {}", asks_nothing ? echo.path : field, checked.error().message),
                field);
  }
  request.questions.push_back(std::move(question));
  request.echoes.push_back(std::move(echo));
  return {};
}

}  // namespace qaio
