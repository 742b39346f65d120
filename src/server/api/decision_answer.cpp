#include "server/api/decision_answer.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <cstddef>
#include <string>

#include "server/api/decision_state.h"

namespace qaio {
namespace {

std::string_view type_name(QuestionKind kind, DecisionApi api) {
  if (kind != QuestionKind::kYesNo) return question_kind_name(kind);
  return api == DecisionApi::kSystemOne ? "noul" : "predicate";
}

std::string_view text_of(const boost::json::value& value) {
  return {value.get_string().data(), value.get_string().size()};
}

// {"option": probability}, of a scale {"0": probability}.
void write_map(QuestionKind kind, const QuestionEcho& echo, const Answer& answer,
               JsonWriter& json) {
  json.key("probabilities").begin_object();
  for (size_t i = 0; i < answer.probabilities.size(); ++i) {
    kind == QuestionKind::kScore ? json.key(std::to_string(i)) : json.key(text_of(echo.values[i]));
    json.real(answer.probabilities[i]);
  }
  json.end_object();
}

// A yes/no question has no confidence, which would only repeat the probability.
void write_systemone(QuestionKind kind, const QuestionEcho& echo, const Answer& answer,
                     JsonWriter& json) {
  json.key(echo.name.value_or("")).begin_object();
  json.key("type").string(type_name(kind, DecisionApi::kSystemOne));
  if (kind == QuestionKind::kYesNo) {
    json.key("noul").real(answer.probabilities[0]);
  } else if (kind == QuestionKind::kChoice) {
    json.key("choice").string(text_of(echo.values[answer.best]));
    write_map(kind, echo, answer, json);
    json.key("confidence").real(answer.confidence);
  } else {
    json.key("score").real(answer.mean).key("legend").begin_object();
    for (size_t i = 0; i < echo.values.size(); ++i) {
      json.key(std::to_string(i)).raw(compact_json(echo.values[i]));
    }
    json.end_object();
    write_map(kind, echo, answer, json);
    json.key("confidence").real(answer.confidence);
  }
  if (answer.label_mass) json.key("x_label_mass").real(*answer.label_mass);
  json.end_object();
}

// Strict clients want these members and no others.
void write_decision(QuestionKind kind, const QuestionEcho& echo, const Answer& answer,
                    JsonWriter& json) {
  json.begin_object().key("type").string(type_name(kind, DecisionApi::kDecisions)).key("name");
  echo.name ? json.string(*echo.name) : json.null();
  if (kind == QuestionKind::kYesNo) {
    json.key("probability").real(answer.probabilities[0]).end_object();
    return;
  }
  const bool score = kind == QuestionKind::kScore;
  score ? json.key("score").real(answer.mean)
        : json.key("choice").raw(compact_json(echo.values[answer.best]));
  json.key("confidence").real(answer.confidence).key("probabilities").begin_array();
  for (size_t i = 0; i < answer.probabilities.size(); ++i) {
    json.begin_object().key("value");
    if (score) {
      json.integer(static_cast<int64_t>(i)).key("label").string(text_of(echo.values[i]));
    } else {
      json.raw(compact_json(echo.values[i]));
    }
    json.key("probability").real(answer.probabilities[i]).end_object();
  }
  json.end_array().end_object();
}

// Nothing is generated, and what enters the cache is not counted apart.
void write_usage(DecisionApi api, const DecisionUsage& usage, JsonWriter& json) {
  json.key("usage").begin_object().key("input_tokens").integer(usage.input_tokens);
  if (api == DecisionApi::kSystemOne) {
    json.key("output_tokens").integer(0).end_object();
    return;
  }
  json.key("input_tokens_details").begin_object();
  json.key("cached_tokens").integer(usage.cached_tokens);
  json.key("cache_write_tokens").integer(0).end_object();
  json.key("output_tokens").integer(0);
  json.key("output_tokens_details").begin_object().key("reasoning_tokens").integer(0).end_object();
  json.key("total_tokens").integer(usage.input_tokens).end_object();
}

}  // namespace

void write_decision_answer(const DecisionRequest& request, std::string_view model,
                           std::string_view prompt_version, std::span<const Answer> answers,
                           const DecisionUsage& usage, JsonWriter& json) {
  const bool map = request.api == DecisionApi::kSystemOne;
  json.begin_object().key("model").string(model).key("answers");
  map ? json.begin_object() : json.begin_array();
  for (size_t i = 0; i < answers.size(); ++i) {
    (map ? write_systemone : write_decision)(request.questions[i].kind, request.echoes[i],
                                             answers[i], json);
  }
  map ? json.end_object() : json.end_array();
  write_usage(request.api, usage, json);
  if (map) json.key("prompt_version").string(prompt_version);
  json.end_object();
}

std::string summary_text(const DecisionRequest& request, std::span<const Answer> answers) {
  std::string text;
  for (size_t i = 0; i < answers.size(); ++i) {
    const QuestionEcho& echo = request.echoes[i];
    if (i > 0) text += '\n';
    text += echo.name.value_or(echo.path) + ": ";
    switch (request.questions[i].kind) {
      case QuestionKind::kChoice:
        text += compact_json(echo.values[answers[i].best]);
        break;
      case QuestionKind::kScore:
        text += fmt::format("{:.2f}", answers[i].mean);
        break;
      case QuestionKind::kYesNo:
        text += fmt::format("{:.4f}", answers[i].probabilities[0]);
        break;
    }
  }
  return text;
}

}  // namespace qaio
