#include "server/api/decisions_request.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <set>
#include <string>
#include <utility>

#include "server/api/decision_fields.h"
#include "server/api/decision_state.h"
#include "tasks/labels.h"

namespace qaio {
namespace {

namespace json = boost::json;

constexpr size_t kChoicesMin = 2;

constexpr auto kOwn = std::to_array<std::string_view>({"input"});
constexpr auto kPredicateFields = std::to_array<std::string_view>({"type", "name", "instructions"});
constexpr auto kChoiceFields =
    std::to_array<std::string_view>({"type", "name", "instructions", "choices"});
constexpr auto kScoreFields =
    std::to_array<std::string_view>({"type", "name", "instructions", "levels"});
constexpr auto kChoiceMembers = std::to_array<std::string_view>({"value", "description"});
constexpr auto kLevelMembers = std::to_array<std::string_view>({"label", "description"});

Result<std::string> optional_text(const JsonFields& fields, std::string_view name) {
  if (fields.find(name) == nullptr) return std::string();
  return fields.text(name);
}

// Whether this is for SGLang, which serves questions of its own under the same path.
bool is_sglangs(const json::value& question) {
  const json::object* object = question.if_object();
  if (object == nullptr) return false;
  const json::value* type = object->if_contains("type");
  return object->contains("id") || object->contains("question") || object->contains("options") ||
         (type != nullptr && *type == "yes_no");
}

// What a choice's value is to the model: its text. Where a text is what a boolean beside it would
// be, texts stand as JSON, in quotes: no two values look the same then.
std::vector<std::string> value_texts(const std::vector<json::value>& values) {
  const auto says_boolean = [&](const json::value& value) {
    return value.is_string() && std::ranges::any_of(values, [&](const json::value& other) {
             return other.is_bool() && value.get_string() == (other.get_bool() ? "true" : "false");
           });
  };
  const bool quoted = std::ranges::any_of(values, says_boolean);
  std::vector<std::string> texts;
  texts.reserve(values.size());
  for (const json::value& value : values) {
    texts.push_back(value.is_bool() || quoted ? compact_json(value)
                                              : std::string(trim({value.get_string().data(),
                                                                  value.get_string().size()})));
  }
  return texts;
}

// [{"value": text or boolean, "description"?}]
Result<void> read_choices(const JsonFields& fields, Question& question, QuestionEcho& echo) {
  QAIO_ASSIGN(const json::array* choices, fields.array("choices", kChoiceOptionsMax));
  if (choices == nullptr || choices->size() < kChoicesMin) {
    return fields.must_be("choices", fmt::format(R"(an array of {} to {} {{"value"}})", kChoicesMin,
                                                 kChoiceOptionsMax));
  }
  for (size_t i = 0; i < choices->size(); ++i) {
    QAIO_ASSIGN(const JsonFields choice,
                JsonFields::nested((*choices)[i], fields.full_name(fmt::format("choices[{}]", i)),
                                   kChoiceMembers));
    const json::value* value = choice.find("value");
    if (value == nullptr || !(value->is_string() || value->is_bool())) {
      return choice.must_be("value", "a string, true or false");
    }
    QAIO_ASSIGN(std::string description, optional_text(choice, "description"));
    question.options.push_back({{}, std::move(description)});
    echo.values.push_back(*value);
  }
  std::vector<std::string> texts = value_texts(echo.values);
  for (size_t i = 0; i < texts.size(); ++i) question.options[i].name = std::move(texts[i]);
  return {};
}

// [{"label", "description"?}], lowest first.
Result<void> read_levels(const JsonFields& fields, Question& question, QuestionEcho& echo) {
  QAIO_ASSIGN(const json::array* levels, fields.array("levels", kScoreLevelsMax));
  if (levels == nullptr) {
    return fields.must_be("levels", fmt::format(R"(an array of {} to {} {{"label"}}, lowest first)",
                                                kScoreLevelsMin, kScoreLevelsMax));
  }
  for (size_t i = 0; i < levels->size(); ++i) {
    QAIO_ASSIGN(const JsonFields level,
                JsonFields::nested((*levels)[i], fields.full_name(fmt::format("levels[{}]", i)),
                                   kLevelMembers));
    QAIO_ASSIGN(const std::string label, level.text("label"));
    QAIO_ASSIGN(std::string description, optional_text(level, "description"));
    // The AI SDK has no labels and sends the number, which the model is told anyway.
    if (trim(description).empty()) {
      description = label;
    } else if (label != std::to_string(i)) {
      description = fmt::format("{} - {}", label, description);
    }
    question.options.push_back({{}, std::move(description)});
    echo.values.emplace_back(label);
  }
  return {};
}

Result<void> read_question(const json::value& value, size_t index, DecisionRequest& request) {
  QuestionEcho echo{.path = fmt::format("questions[{}]", index), .name = {}};
  QAIO_ASSIGN(const JsonFields any, JsonFields::nested_any(value, echo.path, kPredicateFields));
  QAIO_ASSIGN(const std::string type, any.text("type"));
  Question question;
  std::span<const std::string_view> known = kPredicateFields;
  std::string_view options_name = "instructions";
  if (type == "choice") {
    question.kind = QuestionKind::kChoice;
    known = kChoiceFields;
    options_name = "choices";
  } else if (type == "score") {
    question.kind = QuestionKind::kScore;
    known = kScoreFields;
    options_name = "levels";
  } else if (type == "predicate") {
    question.kind = QuestionKind::kYesNo;
  } else {
    return any.must_be("type", "predicate, choice or score");
  }
  QAIO_ASSIGN(const JsonFields fields, JsonFields::nested(value, echo.path, known));
  if (fields.find("name") != nullptr) {
    QAIO_ASSIGN(echo.name, fields.text("name"));
  }
  QAIO_ASSIGN(question.instructions, read_decision_instructions(fields, request.ignored));
  if (question.kind == QuestionKind::kChoice) {
    QAIO_RETURN_IF_ERROR(read_choices(fields, question, echo));
  } else if (question.kind == QuestionKind::kScore) {
    QAIO_RETURN_IF_ERROR(read_levels(fields, question, echo));
  } else if (trim(question.instructions).empty()) {
    question.instructions = echo.name.value_or("");  // as a bare noul of the other API
  }
  return add_question(std::move(question), std::move(echo), options_name, request);
}

Result<void> read_questions(const JsonFields& fields, DecisionRequest& request) {
  const json::value* value = fields.find("questions");
  if (value == nullptr || !value->is_array()) {
    return fields.must_be("questions",
                          "an array of questions; an object is what /v1/systemone "
                          "takes");
  }
  const json::array& questions = value->get_array();
  if (std::ranges::any_of(questions, is_sglangs)) {
    return fields.must_be("questions",
                          R"(as OpenAI's Decisions API has them, {"type", "name", "instructions", )"
                          R"("choices" or "levels"}; this request is for SGLang's own API of the )"
                          R"(same path, which is not served here)");
  }
  QAIO_RETURN_IF_ERROR(check_question_count(fields, questions.size()));
  std::set<std::string> names;
  for (size_t i = 0; i < questions.size(); ++i) {
    QAIO_RETURN_IF_ERROR(read_question(questions[i], i, request));
    const std::optional<std::string>& name = request.echoes.back().name;
    if (name && !names.insert(*name).second) {
      const std::string field = fmt::format("questions[{}].name", i);
      return fail(ErrorCode::kInvalidArgument,
                  fmt::format("'{}' must be another than that of a question before it, not '{}'",
                              field, shown_name(*name)),
                  field);
    }
  }
  return {};
}

}  // namespace

Result<DecisionRequest> read_decisions(std::string_view body, const ApiLimits& limits) {
  DecisionRequest request;
  request.api = DecisionApi::kDecisions;
  QAIO_ASSIGN(const JsonFields fields, parse_decision_body(body));
  QAIO_RETURN_IF_ERROR(read_questions(fields, request));
  QAIO_RETURN_IF_ERROR(read_decision_fields(fields, kOwn, limits, request));
  QAIO_ASSIGN(DecisionInput input, read_decision_input(fields, request.ignored));
  request.system = std::move(input.system);
  request.state = std::move(input.state);
  return request;
}

}  // namespace qaio
