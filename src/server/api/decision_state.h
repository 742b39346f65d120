// What a decision is about, as the text that the model reads.
#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "server/http/json_fields.h"

namespace qaio {

// Compact JSON, members in their order. Numbers have a decimal point if they came with one, and the
// fewest digits that say the same; characters stand as they are and not as escapes.
std::string compact_json(const boost::json::value& value);

// A text as it is, null and what is empty as "", an object or array as JSON. kInvalidArgument with
// the member's path for anything else.
Result<std::string> text_or_json(const JsonFields& fields, std::string_view name);

struct DecisionInput {
  std::string system;  // of the system and developer messages that come first
  std::string state;   // not blank
};

// "input" of OpenAI's Decisions: a text, or messages and calls of tools with their outputs. A
// single user message is its text; more are a transcript with a line "[user]" before each.
// kInvalidArgument with the path, such as input[2].content[0].type. `ignored` as check_fields() has
// it.
Result<DecisionInput> read_decision_input(const JsonFields& fields,
                                          std::vector<std::string>& ignored);

// "instructions" of a question there: a text, or parts of text and JSON, joined by line breaks;
// empty if absent.
Result<std::string> read_decision_instructions(const JsonFields& question,
                                               std::vector<std::string>& ignored);

}  // namespace qaio
