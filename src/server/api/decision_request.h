// A request for decisions, whichever of the two wire shapes it came in.
#pragma once

#include <boost/json/value.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tasks/question.h"

namespace qaio {

enum class DecisionApi : uint8_t {
  kSystemOne,  // TypeSafe's: a state and a map of questions
  kDecisions,  // OpenAI's: an input and an array of questions
};

inline constexpr size_t kDecisionQuestionsMax = 64;

// What the answer to a question repeats of it.
struct QuestionEcho {
  std::string path;                 // of errors: "questions.urgent", "questions[2]"
  std::optional<std::string> name;  // of an answer in a map its key
  // By option or level what the client calls it: a choice's value, a level's label or description.
  std::vector<boost::json::value> values = {};
};

struct DecisionRequest {
  DecisionApi api = DecisionApi::kSystemOne;
  std::string model;                 // empty: not named
  std::string system;                // empty: none
  std::string state;                 // not blank
  std::vector<Question> questions;   // at least one, each as check_question() wants it
  std::vector<QuestionEcho> echoes;  // by question
  std::chrono::milliseconds time{};  // what the request may take
  std::vector<std::string> ignored;  // names of what was given and has no effect
};

}  // namespace qaio
