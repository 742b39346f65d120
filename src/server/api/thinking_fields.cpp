#include "server/api/thinking_fields.h"

#include <algorithm>
#include <boost/json.hpp>
#include <limits>

namespace qaio {
namespace {

namespace json = boost::json;

constexpr auto kTemplateFields = std::to_array<std::string_view>({"enable_thinking", "thinking"});
constexpr auto kReasoningFields = std::to_array<std::string_view>(
    {"effort", "enabled", "exclude", "max_tokens", "summary", "generate_summary"});
constexpr auto kModeFields = std::to_array<std::string_view>({"type", "budget_tokens"});

// A switch wins over efforts, and of either kind one that wants thoughts over others that do not.
void add(ThinkingWish& wish, std::optional<bool> think, std::string field, bool by_effort = false) {
  if (!think) return;
  const bool outweighed = by_effort != wish.by_effort ? by_effort : wish.think.value_or(false);
  if (wish.think && outweighed) return;
  wish = {think, std::move(field), by_effort};
}

// "none" and "minimal" want no thoughts, other efforts do.
std::optional<bool> thinks_at(std::string_view effort) {
  constexpr auto kNoWish = std::to_array<std::string_view>({"", "auto", "default"});
  constexpr auto kOff = std::to_array<std::string_view>({"none", "minimal", "off"});
  if (std::ranges::find(kNoWish, effort) != kNoWish.end()) return std::nullopt;
  return std::ranges::find(kOff, effort) == kOff.end();
}

Result<std::optional<bool>> read_effort(const JsonFields& fields, std::string_view name) {
  const json::value* effort = fields.find(name);
  if (effort == nullptr) return std::optional<bool>();
  if (!effort->is_string()) return fields.must_be(name, "a string");
  return thinks_at(effort->get_string());
}

// A boolean, or an effort as Ollama's "think" takes it.
Result<std::optional<bool>> read_switch(const JsonFields& fields, std::string_view name) {
  const json::value* value = fields.find(name);
  if (value == nullptr || !value->is_string()) return fields.boolean(name);
  return thinks_at(value->get_string());
}

// {"type": "disabled"}, or a boolean.
Result<std::optional<bool>> read_mode(const JsonFields& fields, std::string_view name) {
  const json::value* value = fields.find(name);
  if (value == nullptr || !value->is_object()) return read_switch(fields, name);
  QAIO_ASSIGN(const JsonFields mode,
              JsonFields::nested(*value, fields.full_name(name), kModeFields));
  QAIO_ASSIGN(const std::string type, mode.text("type"));
  if (type == "auto" || type == "adaptive") return std::optional<bool>();
  if (type != "enabled" && type != "disabled")
    return mode.must_be("type", "enabled, disabled or auto");
  return std::optional(type == "enabled");
}

Result<void> read_reasoning(const JsonFields& fields, ThinkingWish& wish) {
  const json::value* value = fields.find("reasoning");
  if (value == nullptr) return {};
  QAIO_ASSIGN(const JsonFields nested,
              JsonFields::nested(*value, fields.full_name("reasoning"), kReasoningFields));
  QAIO_ASSIGN(const std::optional<bool> enabled, nested.boolean("enabled"));
  add(wish, enabled, nested.full_name("enabled"));
  QAIO_ASSIGN(const std::optional<bool> effort, read_effort(nested, "effort"));
  add(wish, effort, nested.full_name("effort"), /*by_effort=*/true);
  return {};
}

Result<void> read_level(const JsonFields& fields, ThinkingWish& wish);

// What clients in other languages send inside the body although their library would unpack it.
Result<void> read_extra_body(const JsonFields& fields, ThinkingWish& wish) {
  const json::value* value = fields.find("extra_body");
  if (value == nullptr) return {};
  QAIO_ASSIGN(const JsonFields nested,
              JsonFields::nested(*value, fields.full_name("extra_body"), kThinkingFields));
  if (nested.find("extra_body") != nullptr) return nested.must_be("extra_body", "absent");
  return read_level(nested, wish);
}

Result<void> read_level(const JsonFields& fields, ThinkingWish& wish) {
  QAIO_ASSIGN(const std::optional<bool> enable, fields.boolean("enable_thinking"));
  add(wish, enable, fields.full_name("enable_thinking"));
  if (const json::value* value = fields.find("chat_template_kwargs")) {
    QAIO_ASSIGN(
        const JsonFields nested,
        JsonFields::nested(*value, fields.full_name("chat_template_kwargs"), kTemplateFields));
    for (const std::string_view name : kTemplateFields) {
      QAIO_ASSIGN(const std::optional<bool> think, nested.boolean(name));
      add(wish, think, nested.full_name(name));
    }
  }
  QAIO_ASSIGN(const std::optional<bool> think, read_switch(fields, "think"));
  add(wish, think, fields.full_name("think"));
  QAIO_ASSIGN(const std::optional<bool> mode, read_mode(fields, "thinking"));
  add(wish, mode, fields.full_name("thinking"));
  QAIO_ASSIGN(const std::optional<bool> effort, read_effort(fields, "reasoning_effort"));
  add(wish, effort, fields.full_name("reasoning_effort"), /*by_effort=*/true);
  for (const std::string_view name :
       {"reasoning_budget", "thinking_budget", "thinking_budget_tokens"}) {
    QAIO_ASSIGN(const auto budget, fields.integer(name, -1, std::numeric_limits<int32_t>::max()));
    add(wish, budget && *budget == 0 ? std::optional(false) : std::nullopt, fields.full_name(name));
  }
  QAIO_RETURN_IF_ERROR(read_reasoning(fields, wish));
  return read_extra_body(fields, wish);
}

}  // namespace

Result<ThinkingWish> read_thinking(const JsonFields& fields) {
  ThinkingWish wish;
  QAIO_RETURN_IF_ERROR(read_level(fields, wish));
  return wish;
}

Result<void> refuse_thinking(const ThinkingWish& wish, std::string_view why) {
  if (!wish.insists()) return {};
  return fail(ErrorCode::kInvalidArgument,
              "'" + wish.field + "' asks the model to think first: " + std::string(why) +
                  "; leave the field out or switch it off",
              wish.field);
}

}  // namespace qaio
