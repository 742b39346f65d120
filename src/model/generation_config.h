// How a model's makers want its tokens drawn: generation_config.json of a Hugging Face folder.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace qaio {

// Absent: the file says nothing. Meanings and ranges as in SamplingParams of the engine.
struct GenerationConfig {
  std::optional<float> temperature;  // 0 where the file says do_sample = false
  std::optional<float> top_p;
  std::optional<float> min_p;
  std::optional<float> repetition_penalty;
  std::optional<int> top_k;

  bool operator==(const GenerationConfig&) const = default;
};

// kCorrupt, with a sentence that begins with `label`, for a value no sampler can work with.
Result<void> validate_generation_config(const GenerationConfig& config, const std::string& label);

// Keys of other kinds are ignored, as are nulls. kCorrupt as above; errors of parse_json() for text
// that is none.
Result<GenerationConfig> generation_config_from_json(std::string_view text,
                                                     const std::string& label);

}  // namespace qaio
