#include "server/api/task_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <limits>

#include "server/api/common_fields.h"
#include "tasks/labels.h"

namespace qaio {
namespace {

constexpr std::array<std::string_view, 2> kTurnFields = {"user", "bot"};

Result<void> read_history(const JsonFields& fields, size_t turns_max, std::vector<Turn>& history) {
  QAIO_ASSIGN(const boost::json::array* turns, fields.array("history", turns_max));
  if (turns == nullptr) return {};
  for (size_t i = 0; i < turns->size(); ++i) {
    QAIO_ASSIGN(const JsonFields turn,
                JsonFields::nested((*turns)[i], fmt::format("history[{}]", i), kTurnFields));
    QAIO_ASSIGN(std::string user, turn.text("user"));
    QAIO_ASSIGN(std::string bot, turn.text("bot"));
    history.push_back({std::move(user), std::move(bot)});
  }
  return {};
}

// More than there may be is cut to what fits later, or refused if lengths are strict.
Result<void> read_max_new_tokens(const JsonFields& fields, const ApiLimits& limits,
                                 GenerateOverrides& overrides) {
  constexpr int kIntMax = std::numeric_limits<int>::max();
  overrides.new_tokens_max = limits.new_tokens_bound();
  overrides.strict_length = limits.strict_lengths;
  const int64_t bound =
      limits.strict_lengths ? limits.new_tokens_bound() : std::numeric_limits<int64_t>::max();
  QAIO_ASSIGN(const auto given, fields.integer("max_new_tokens", 1, bound));
  if (given) overrides.max_new_tokens = static_cast<int>(std::min(*given, int64_t{kIntMax}));
  return {};
}

Result<void> read_overrides(const JsonFields& fields, const ApiLimits& limits,
                            GenerateOverrides& overrides) {
  QAIO_RETURN_IF_ERROR(read_max_new_tokens(fields, limits, overrides));
  QAIO_ASSIGN(const std::optional<double> temperature, fields.number("temperature"));
  if (temperature) {
    if (*temperature < 0 || *temperature > 10) {
      return fields.must_be("temperature", "a number from 0 to 10");
    }
    overrides.temperature = static_cast<float>(*temperature);
  }
  QAIO_ASSIGN(const std::optional<double> top_p, fields.number("top_p", 0, 1));
  if (top_p) {
    overrides.top_p = static_cast<float>(*top_p);
    if (*overrides.top_p <= 0) {  // the likeliest token alone
      overrides.top_p = 1;
      overrides.temperature = 0;
    }
  }
  QAIO_ASSIGN(overrides.top_k, fields.integer("top_k", 0, std::numeric_limits<int32_t>::max()));
  QAIO_ASSIGN(overrides.min_p, fields.number("min_p", 0, 1));
  QAIO_ASSIGN(overrides.repetition_penalty, fields.number("repetition_penalty", 0.01, 100));
  QAIO_ASSIGN(overrides.presence_penalty, fields.number("presence_penalty", -2, 2));
  QAIO_ASSIGN(overrides.frequency_penalty, fields.number("frequency_penalty", -2, 2));
  QAIO_ASSIGN(overrides.stops, read_stops(fields));
  QAIO_ASSIGN(overrides.seed, read_seed(fields));
  return {};
}

}  // namespace

Result<void> read_task_fields(const JsonFields& fields, const Call& call, const ApiLimits& limits,
                              PipelineRequest& request) {
  QAIO_ASSIGN(request.input, fields.text("input"));
  if (trim(request.input).empty()) return fields.must_be("input", "a text that is not blank");
  QAIO_RETURN_IF_ERROR(read_history(fields, limits.history_turns_max, request.history));
  QAIO_ASSIGN(const auto time, read_timeout(fields, limits.request_time));
  request.deadline_ns = call.deadline_ns(time);
  return read_overrides(fields, limits, request.overrides);
}

}  // namespace qaio
