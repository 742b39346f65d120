// How a model's makers want its tokens drawn: generation_config.json of a Hugging Face folder, or
// "general.sampling.*" of a GGUF file.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "weights/gguf.h"

namespace qaio {

// Absent: the file says nothing. Meanings and ranges as in SamplingParams of the engine.
struct GenerationConfig {
  std::optional<float> temperature;  // 0 where the file says so or do_sample = false
  std::optional<float> top_p;
  std::optional<float> min_p;
  std::optional<float> repetition_penalty;
  std::optional<int> top_k;

  bool operator==(const GenerationConfig&) const = default;
};

// kCorrupt, with a sentence that begins with `label`, for a value no sampler can work with.
Result<void> validate_generation_config(const GenerationConfig& config, const std::string& label);

// Keys of other kinds are ignored, as are nulls; a top_k of 0 or below is "off", however a file
// puts it. kCorrupt as above; errors of parse_json() for text that is none.
Result<GenerationConfig> generation_config_from_json(std::string_view text,
                                                     const std::string& label);
// The keys that this program has a sampler for: temp, top_k, top_p, min_p and penalty_repeat, with
// llama.cpp's meanings: a temperature of 0 or below is greedy, a top_p of 1 or above off.
Result<GenerationConfig> generation_config_from_gguf(const GgufFile& file);

}  // namespace qaio
