#include "model/generation_config.h"

#include <algorithm>
#include <cmath>

#include "base/json.h"

namespace qaio {
namespace {

std::optional<double> number_at(const boost::json::object& object, std::string_view key) {
  const boost::json::value* value = object.if_contains(key);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  return value->to_number<double>();
}

}  // namespace

Result<void> validate_generation_config(const GenerationConfig& config, const std::string& label) {
  const auto fault = [&](const char* what) {
    return fail(ErrorCode::kCorrupt, label + ": " + what);
  };
  // Written so that NaN fails every check.
  if (const auto x = config.temperature; x && !(*x >= 0 && std::isfinite(*x))) {
    return fault("temperature must be a number of at least 0");
  }
  if (const auto x = config.top_p; x && !(*x > 0 && *x <= 1)) {
    return fault("top_p must be above 0 and at most 1");
  }
  if (const auto x = config.min_p; x && !(*x >= 0 && *x <= 1)) {
    return fault("min_p must be from 0 to 1");
  }
  if (const auto x = config.repetition_penalty; x && !(*x > 0 && std::isfinite(*x))) {
    return fault("repetition_penalty must be a number above 0");
  }
  if (config.top_k && *config.top_k < 0) return fault("top_k must be at least 0");
  return {};
}

Result<GenerationConfig> generation_config_from_json(std::string_view text,
                                                     const std::string& label) {
  QAIO_ASSIGN(const boost::json::value json, parse_json(text, label));
  GenerationConfig config;
  if (!json.is_object()) return config;
  const boost::json::object& object = json.get_object();
  const auto read = [&](std::string_view key, std::optional<float>& out) {
    if (const auto number = number_at(object, key)) out = static_cast<float>(*number);
  };
  read("temperature", config.temperature);
  read("top_p", config.top_p);
  read("min_p", config.min_p);
  read("repetition_penalty", config.repetition_penalty);
  if (const auto number = number_at(object, "top_k")) {
    config.top_k = static_cast<int>(std::clamp(*number, -1.0, 1e9));
  }
  if (const auto* sample = object.if_contains("do_sample");
      sample != nullptr && sample->is_bool()) {
    if (!sample->get_bool()) config.temperature = 0.0F;
  }
  QAIO_RETURN_IF_ERROR(validate_generation_config(config, label));
  return config;
}

}  // namespace qaio
