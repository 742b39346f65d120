// What a GGUF file says of a model made for decisions, under "{architecture}.decision.". Of the
// keys that are known the meaning is llama.cpp's.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "weights/gguf.h"

namespace qaio {

// By how much the logits of a question with so many options are divided.
struct DecisionTemperature {
  static constexpr uint64_t kAnyOptions = std::numeric_limits<uint64_t>::max();
  uint64_t options_max = kAnyOptions;  // the first of a list that holds is meant
  double temperature = 1;              // above 0

  bool operator==(const DecisionTemperature&) const = default;
};

// By the kind of question; none: the file does not say.
struct DecisionKeys {
  std::string type;  // how the file's makers ask it, as "lev"; empty: an ordinary model
  std::vector<DecisionTemperature> choice;
  std::vector<DecisionTemperature> score;
  std::vector<DecisionTemperature> yes_no;  // "noul" in the file

  bool empty() const { return type.empty() && choice.empty() && score.empty() && yes_no.empty(); }
  bool operator==(const DecisionKeys&) const = default;
};

// kCorrupt, with a sentence that begins with `label`, for a temperature that nothing can be divided
// by or options out of order.
Result<void> validate_decision_keys(const DecisionKeys& keys, const std::string& label);

// What keys of a file begin with behind its architecture's name.
inline constexpr std::string_view kDecisionPrefix = "decision.";

// kUnsupported, with its name and the reason, for a "decision.type" that is not read from the
// output head of a language model, and for a key that nobody knows; kCorrupt as above.
Result<DecisionKeys> decision_keys_from_gguf(const GgufFile& file);

}  // namespace qaio
