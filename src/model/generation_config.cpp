#include "model/generation_config.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/json.h"

namespace qaio {
namespace {

// A top_p of 0: the fewest tokens whose sum is above it are one.
constexpr float kLikeliestAlone = std::numeric_limits<float>::min();

int top_k_of(double number) { return static_cast<int>(std::clamp(number, 0.0, 1e9)); }

Result<std::optional<double>> number_at(const boost::json::object& object, std::string_view key,
                                        const std::string& label) {
  const boost::json::value* value = object.if_contains(key);
  if (value == nullptr || value->is_null()) return std::optional<double>();
  if (value->is_number()) return std::optional(value->to_number<double>());
  return fail(ErrorCode::kCorrupt, label + ": \"" + std::string(key) + "\" is not a number");
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
  if (!json.is_object()) return fail(ErrorCode::kCorrupt, label + ": is not a JSON object");
  const boost::json::object& object = json.get_object();
  const auto read = [&](std::string_view key, std::optional<float>& out) -> Result<void> {
    QAIO_ASSIGN(const auto number, number_at(object, key, label));
    if (number) out = static_cast<float>(*number);
    return {};
  };
  QAIO_RETURN_IF_ERROR(read("temperature", config.temperature));
  QAIO_RETURN_IF_ERROR(read("top_p", config.top_p));
  QAIO_RETURN_IF_ERROR(read("min_p", config.min_p));
  if (config.top_p == 0.0F) config.top_p = kLikeliestAlone;
  QAIO_RETURN_IF_ERROR(read("repetition_penalty", config.repetition_penalty));
  QAIO_ASSIGN(const auto top_k, number_at(object, "top_k", label));
  if (top_k) config.top_k = top_k_of(*top_k);
  if (const auto* sample = object.if_contains("do_sample");
      sample != nullptr && !sample->is_null()) {
    if (!sample->is_bool())
      return fail(ErrorCode::kCorrupt, label + ": \"do_sample\" is not true or false");
    if (!sample->get_bool()) config.temperature = 0.0F;
  }
  QAIO_RETURN_IF_ERROR(validate_generation_config(config, label));
  return config;
}

Result<GenerationConfig> generation_config_from_gguf(const GgufFile& file) {
  GenerationConfig config;
  const auto read = [&](const char* name) -> Result<std::optional<double>> {
    const std::string key = std::string("general.sampling.") + name;
    const GgufEntry* entry = file.find(key);
    if (entry == nullptr) return std::optional<double>();
    if (entry->type == GgufType::kFloat32 || entry->type == GgufType::kFloat64) {
      QAIO_ASSIGN(const double value, file.get_float(key));
      return std::optional(value);
    }
    QAIO_ASSIGN(const int64_t value, file.get_int(key, INT64_MIN, INT64_MAX));
    return std::optional(static_cast<double>(value));
  };
  const auto assign = [&](const char* name, double least, double most,
                          std::optional<float>& out) -> Result<void> {
    QAIO_ASSIGN(const std::optional<double> value, read(name));
    if (value) out = static_cast<float>(std::clamp(*value, least, most));
    return {};
  };
  constexpr double kUnbounded = 1e30;
  QAIO_RETURN_IF_ERROR(assign("temp", 0, kUnbounded, config.temperature));
  QAIO_RETURN_IF_ERROR(assign("top_p", -1, 1, config.top_p));
  if (config.top_p == 0.0F) config.top_p = kLikeliestAlone;
  QAIO_RETURN_IF_ERROR(assign("min_p", 0, kUnbounded, config.min_p));
  QAIO_RETURN_IF_ERROR(assign("penalty_repeat", -1, kUnbounded, config.repetition_penalty));
  QAIO_ASSIGN(const std::optional<double> top_k, read("top_k"));
  if (top_k) config.top_k = top_k_of(*top_k);
  QAIO_RETURN_IF_ERROR(validate_generation_config(config, file.label() + ": general.sampling"));
  return config;
}

}  // namespace qaio
