#include "server/api/systemone_request.h"

#include <fmt/format.h>

#include <array>
#include <boost/json.hpp>
#include <string>
#include <utility>

#include "server/api/decision_fields.h"
#include "server/api/decision_state.h"
#include "tasks/labels.h"

namespace qaio {
namespace {

namespace json = boost::json;

// "instructions" beside the state is vLLM's: a system message.
constexpr auto kOwn = std::to_array<std::string_view>({"state", "instructions", "label_mass"});
constexpr auto kQuestionFields =
    std::to_array<std::string_view>({"type", "instructions", "criteria"});
constexpr auto kSides = std::to_array<std::string_view>({"true", "false"});
constexpr std::string_view kDescription = "a string, an object, an array or null";

std::string_view name_of(const json::key_value_pair& member) {
  return {member.key().data(), member.key().size()};
}

// Of an option, a level or a side.
Result<std::string> read_description(const json::value& value, const std::string& path) {
  if (value.is_null()) return std::string();
  if (value.is_string()) return std::string(value.get_string());
  if (value.is_object() || value.is_array()) return compact_json(value);
  return fail(ErrorCode::kInvalidArgument, fmt::format("'{}' must be {}", path, kDescription),
              path);
}

// {"option": description or null}
Result<void> read_options(const JsonFields& fields, Question& question, QuestionEcho& echo) {
  const json::value* criteria = fields.find("criteria");
  if (criteria == nullptr || !criteria->is_object()) {
    return fields.must_be("criteria", "an object with a description, or null, for every option");
  }
  const json::object& object = criteria->get_object();
  if (object.size() > kChoiceOptionsMax) {  // before anything is made of them
    question.options.resize(object.size());
    return {};
  }
  for (const auto& member : object) {
    const std::string_view name = name_of(member);
    const std::string path = fields.full_name("criteria." + shown_name(name));
    QAIO_ASSIGN(std::string description, read_description(member.value(), path));
    // White space around a name is no part of what the model says.
    question.options.push_back({std::string(trim(name)), std::move(description)});
    echo.values.emplace_back(name);
  }
  return {};
}

// [description of level 0, of level 1, ...]
Result<void> read_levels(const JsonFields& fields, Question& question, QuestionEcho& echo) {
  QAIO_ASSIGN(const json::array* levels, fields.array("criteria", kScoreLevelsMax));
  if (levels == nullptr) {
    return fields.must_be("criteria", fmt::format("an array of {} to {} levels, lowest first",
                                                  kScoreLevelsMin, kScoreLevelsMax));
  }
  for (size_t i = 0; i < levels->size(); ++i) {
    const std::string path = fields.full_name(fmt::format("criteria[{}]", i));
    QAIO_ASSIGN(std::string description, read_description((*levels)[i], path));
    // One that is not described is its number.
    if ((*levels)[i].is_null()) description = std::to_string(i);
    question.options.push_back({{}, std::move(description)});
    echo.values.push_back((*levels)[i]);
  }
  return {};
}

// {"true": description or null, "false": description or null}, both optional.
Result<void> read_sides(const JsonFields& fields, Question& question) {
  const json::value* criteria = fields.find("criteria");
  if (criteria == nullptr) return {};
  QAIO_ASSIGN(const JsonFields sides,
              JsonFields::nested(*criteria, fields.full_name("criteria"), kSides));
  std::string descriptions[2];
  for (size_t i = 0; i < kSides.size(); ++i) {
    QAIO_ASSIGN(descriptions[i], text_or_json(sides, kSides[i]));
  }
  if (trim(descriptions[0]).empty() && trim(descriptions[1]).empty()) return {};
  question.options = {{"yes", std::move(descriptions[0])}, {"no", std::move(descriptions[1])}};
  return {};
}

Result<void> read_question(const json::key_value_pair& member, DecisionRequest& request) {
  const std::string_view id = name_of(member);
  QuestionEcho echo{.path = "questions." + shown_name(id), .name = std::string(id)};
  QAIO_ASSIGN(const JsonFields fields,
              JsonFields::nested(member.value(), echo.path, kQuestionFields));
  Question question;
  QAIO_ASSIGN(const std::string type, fields.text("type"));
  QAIO_ASSIGN(question.instructions, text_or_json(fields, "instructions"));
  if (type == "choice") {
    question.kind = QuestionKind::kChoice;
    QAIO_RETURN_IF_ERROR(read_options(fields, question, echo));
  } else if (type == "score") {
    question.kind = QuestionKind::kScore;
    QAIO_RETURN_IF_ERROR(read_levels(fields, question, echo));
  } else if (type == "noul") {
    question.kind = QuestionKind::kYesNo;
    QAIO_RETURN_IF_ERROR(read_sides(fields, question));
    // TypeSafe's SDK lets a question be its id.
    if (trim(question.instructions).empty() && question.options.empty()) {
      question.instructions = id;
    }
  } else {
    return fields.must_be("type", "choice, score or noul");
  }
  return add_question(std::move(question), std::move(echo), "criteria", request);
}

Result<void> read_questions(const JsonFields& fields, DecisionRequest& request) {
  const json::value* questions = fields.find("questions");
  if (questions == nullptr || !questions->is_object()) {
    return fields.must_be("questions",
                          "an object with a question for every id; an array is what "
                          "/v1/decisions takes");
  }
  QAIO_RETURN_IF_ERROR(check_question_count(fields, questions->get_object().size()));
  for (const auto& member : questions->get_object()) {
    QAIO_RETURN_IF_ERROR(read_question(member, request));
  }
  return {};
}

}  // namespace

Result<DecisionRequest> read_systemone(std::string_view body, const ApiLimits& limits) {
  DecisionRequest request;
  request.api = DecisionApi::kSystemOne;
  QAIO_ASSIGN(const JsonFields fields, parse_decision_body(body));
  QAIO_RETURN_IF_ERROR(read_questions(fields, request));
  QAIO_RETURN_IF_ERROR(read_decision_fields(fields, kOwn, limits, request));
  QAIO_ASSIGN(request.state, text_or_json(fields, "state"));
  if (trim(request.state).empty()) {
    return fields.must_be("state", "a string, an object or an array that says something");
  }
  if (fields.find("instructions") != nullptr) {
    QAIO_ASSIGN(request.system, fields.text("instructions"));
  }
  QAIO_ASSIGN(const auto label_mass, fields.boolean("label_mass"));
  for (Question& question : request.questions) question.label_mass = label_mass.value_or(false);
  return request;
}

}  // namespace qaio
