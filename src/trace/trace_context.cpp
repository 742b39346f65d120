#include "trace/trace_context.h"

#include <algorithm>

#include "base/secure_random.h"

namespace qaio {
namespace {

constexpr std::string_view kDigits = "0123456789abcdef";
constexpr size_t kTraceParentChars = 55;  // of version 00
constexpr size_t kStateMembersMax = 32;
constexpr size_t kStateNameMax = 256;

std::optional<uint64_t> parse_hex(std::string_view text) {
  uint64_t value = 0;
  for (const char c : text) {
    const size_t digit = kDigits.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    value = value << 4 | digit;
  }
  return value;
}

void append_hex(uint64_t value, int digits, std::string& out) {
  while (digits-- > 0) out += kDigits[value >> (4 * digits) & 15];
}

bool is_lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

bool valid_state_key(std::string_view key) {
  // The at sign of a multi-tenant key stands among the others: the newer edition has it so.
  return !key.empty() && key.size() <= kStateNameMax && is_lower_or_digit(key.front()) &&
         std::ranges::all_of(key, [](char c) {
           return is_lower_or_digit(c) ||
                  std::string_view("_-*/@").find(c) != std::string_view::npos;
         });
}

bool valid_state_value(std::string_view value) {
  return !value.empty() && value.size() <= kStateNameMax && value.back() != ' ' &&
         std::ranges::all_of(value,
                             [](char c) { return c >= 0x20 && c <= 0x7e && c != ',' && c != '='; });
}

std::string_view trimmed(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

uint64_t fresh_id() {
  for (;;) {
    const uint64_t id = secure_random();
    if (id != 0) return id;  // 0 means that there is none
  }
}

}  // namespace

std::optional<TraceId> parse_trace_id(std::string_view text) {
  if (text.size() != 32) return std::nullopt;
  const auto high = parse_hex(text.substr(0, 16));
  const auto low = parse_hex(text.substr(16));
  if (!high || !low) return std::nullopt;
  const TraceId id{*high, *low};
  return id.valid() ? std::optional(id) : std::nullopt;
}

std::optional<uint64_t> parse_span_id(std::string_view text) {
  if (text.size() != 16) return std::nullopt;
  const auto id = parse_hex(text);
  return id && *id != 0 ? id : std::nullopt;
}

std::optional<TraceParent> parse_traceparent(std::string_view text) {
  if (text.size() < kTraceParentChars || text[2] != '-' || text[35] != '-' || text[52] != '-') {
    return std::nullopt;
  }
  const auto version = parse_hex(text.substr(0, 2));
  const auto trace_id = parse_trace_id(text.substr(3, 32));
  const auto span_id = parse_span_id(text.substr(36, 16));
  const auto flags = parse_hex(text.substr(53, 2));
  if (!version || *version == 0xff || !trace_id || !span_id || !flags) return std::nullopt;
  if (text.size() > kTraceParentChars && (*version == 0 || text[kTraceParentChars] != '-')) {
    return std::nullopt;
  }
  return TraceParent{.trace_id = *trace_id, .span_id = *span_id, .sampled = (*flags & 1) != 0};
}

bool valid_tracestate(std::string_view text) {
  if (text.size() > kTraceStateBytesMax) return false;
  size_t members = 0;
  for (size_t at = 0; at <= text.size();) {
    const size_t comma = std::min(text.find(',', at), text.size());
    const std::string_view member = trimmed(text.substr(at, comma - at));
    at = comma + 1;
    if (member.empty()) continue;  // the specification allows it
    const size_t equals = member.find('=');
    if (equals == std::string_view::npos || !valid_state_key(member.substr(0, equals)) ||
        !valid_state_value(member.substr(equals + 1)) || ++members > kStateMembersMax) {
      return false;
    }
  }
  return true;
}

TraceContext begin_span(const std::optional<TraceParent>& parent, std::string_view state,
                        bool sampled) {
  TraceContext context{.span_id = fresh_id(), .sampled = sampled};
  if (!parent) {
    context.trace_id = {.high = fresh_id(), .low = fresh_id()};
    return context;
  }
  context.trace_id = parent->trace_id;
  context.parent_span_id = parent->span_id;
  if (valid_tracestate(state)) context.state = trimmed(state);
  return context;
}

std::string trace_id_text(const TraceId& id) {
  std::string text;
  append_hex(id.high, 16, text);
  append_hex(id.low, 16, text);
  return text;
}

std::string span_id_text(uint64_t id) {
  std::string text;
  append_hex(id, 16, text);
  return text;
}

std::string traceparent_text(const TraceContext& context) {
  std::string text = "00-";
  text.reserve(kTraceParentChars);
  append_hex(context.trace_id.high, 16, text);
  append_hex(context.trace_id.low, 16, text);
  text += '-';
  append_hex(context.span_id, 16, text);
  return text += context.sampled ? "-01" : "-00";
}

}  // namespace qaio
