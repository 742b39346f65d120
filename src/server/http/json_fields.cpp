#include "server/http/json_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>

#include "base/utf8.h"

namespace qaio {
namespace {

// Also of 1.0, as languages without whole numbers write it.
std::optional<int64_t> whole_number(const boost::json::value& value) {
  if (value.is_int64()) return value.get_int64();
  constexpr double kExactMax = 9007199254740992;  // 2^53
  if (!value.is_double() || std::abs(value.get_double()) > kExactMax ||
      value.get_double() != std::trunc(value.get_double())) {
    return std::nullopt;
  }
  return static_cast<int64_t>(value.get_double());
}

}  // namespace

bool same_json(const boost::json::value& a, const boost::json::value& b) {
  return a.is_number() && b.is_number() ? a.to_number<double>() == b.to_number<double>() : a == b;
}

Result<JsonFields> JsonFields::parse(std::string_view body, size_t depth_max) {
  body = without_byte_order_mark(body);
  if (body.empty()) {
    return fail(ErrorCode::kInvalidArgument, "the request has no body; send a JSON object");
  }
  if (const size_t valid = valid_utf8_prefix(body); valid < body.size()) {
    const std::string field = open_string_path(body.substr(0, valid), depth_max);
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("the request body is not valid UTF-8 at byte {}{}", valid,
                            field.empty() ? "" : ", in '" + field + "'"),
                field);
  }
  QAIO_ASSIGN(boost::json::value value, parse_json(body, "request body", depth_max));
  if (!value.is_object()) {
    return fail(ErrorCode::kInvalidArgument, "the request body must be a JSON object");
  }
  // Of two members of one name others may read the first: a proxy that checked it, for instance.
  if (const auto path = repeated_member_path(body)) {
    return fail(ErrorCode::kInvalidArgument, fmt::format("'{}' is there twice", *path), *path);
  }
  return JsonFields(std::move(value.get_object()), "");
}

Result<JsonFields> JsonFields::parse(std::string_view body,
                                     std::span<const std::string_view> known) {
  QAIO_ASSIGN(JsonFields fields, parse(body));
  QAIO_RETURN_IF_ERROR(fields.check_names(known));
  return fields;
}

Result<JsonFields> JsonFields::nested_any(const boost::json::value& value, std::string path,
                                          std::span<const std::string_view> known) {
  if (!value.is_object()) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("'{}' must be an object with {}", path, fmt::join(known, ", ")), path);
  }
  return JsonFields(value.get_object(), std::move(path));
}

Result<JsonFields> JsonFields::nested(const boost::json::value& value, std::string path,
                                      std::span<const std::string_view> known) {
  QAIO_ASSIGN(JsonFields fields, nested_any(value, std::move(path), known));
  QAIO_RETURN_IF_ERROR(fields.check_names(known));
  return fields;
}

std::vector<std::string_view> JsonFields::names() const {
  std::vector<std::string_view> names;
  for (const auto& member : object_) names.emplace_back(member.key().data(), member.key().size());
  return names;
}

Result<void> JsonFields::check_names(std::span<const std::string_view> known) const {
  for (const std::string_view name : names()) {
    if (std::ranges::find(known, name) == known.end()) {
      // A hostile name is not echoed at length.
      const std::string shown = replace_invalid_utf8(full_name(name).substr(0, 100));
      return fail(ErrorCode::kInvalidArgument,
                  fmt::format("unknown field '{}'; known are {}", shown, fmt::join(known, ", ")),
                  shown);
    }
  }
  return {};
}

const boost::json::value* JsonFields::find(std::string_view name) const {
  const boost::json::value* value = object_.if_contains(name);
  return value == nullptr || value->is_null() ? nullptr : value;
}

std::string JsonFields::full_name(std::string_view name) const {
  return path_.empty() ? std::string(name) : fmt::format("{}.{}", path_, name);
}

tl::unexpected<Error> JsonFields::must_be(std::string_view name, std::string_view what) const {
  const std::string field = full_name(name);
  return fail(ErrorCode::kInvalidArgument, fmt::format("'{}' must be {}", field, what), field);
}

Result<std::string> JsonFields::text(std::string_view name) const {
  const boost::json::value* value = find(name);
  if (value == nullptr) {
    const std::string field = full_name(name);
    return fail(ErrorCode::kInvalidArgument, fmt::format("'{}' is missing", field), field);
  }
  if (!value->is_string()) return must_be(name, "a string");
  return std::string(value->get_string());
}

Result<std::optional<bool>> JsonFields::boolean(std::string_view name) const {
  const boost::json::value* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_bool()) return must_be(name, "true or false");
  return value->get_bool();
}

Result<std::string_view> JsonFields::either(std::string_view name, std::string_view alias) const {
  const boost::json::value* other = find(alias);
  const boost::json::value* value = find(name);
  if (other == nullptr || (value != nullptr && same_json(*value, *other))) return name;
  if (value == nullptr) return alias;
  return must_be(alias, fmt::format("absent beside '{}', which means the same", name));
}

Result<std::optional<int64_t>> JsonFields::integer(std::string_view name, int64_t min,
                                                   int64_t max) const {
  const boost::json::value* value = find(name);
  if (value == nullptr) return std::nullopt;
  const std::optional<int64_t> whole = whole_number(*value);
  if (!whole || *whole < min || *whole > max) {
    return must_be(name, fmt::format("a whole number from {} to {}", min, max));
  }
  return whole;
}

Result<std::optional<double>> JsonFields::number(std::string_view name) const {
  const boost::json::value* value = find(name);
  if (value == nullptr) return std::nullopt;
  boost::system::error_code ec;
  const double number = value->to_number<double>(ec);
  if (ec || !std::isfinite(number)) return must_be(name, "a number");
  return number;
}

Result<std::optional<double>> JsonFields::number(std::string_view name, double min,
                                                 double max) const {
  QAIO_ASSIGN(const std::optional<double> value, number(name));
  if (value && (*value < min || *value > max)) {
    return must_be(name, fmt::format("a number from {} to {}", min, max));
  }
  return value;
}

Result<const boost::json::array*> JsonFields::array(std::string_view name, size_t max) const {
  const boost::json::value* value = find(name);
  if (value == nullptr) return nullptr;
  if (!value->is_array()) return must_be(name, "an array");
  if (value->get_array().size() > max) {
    return must_be(name, fmt::format("an array of at most {} elements, it has {}", max,
                                     value->get_array().size()));
  }
  return &value->get_array();
}

Result<std::vector<std::string>> JsonFields::strings(std::string_view name, size_t max) const {
  std::vector<std::string> strings;
  const boost::json::value* value = find(name);
  if (value == nullptr) return strings;
  if (value->is_string()) {
    strings.emplace_back(value->get_string());
    return strings;
  }
  const auto is_string = [](const boost::json::value& element) { return element.is_string(); };
  if (!value->is_array() || value->get_array().size() > max ||
      !std::ranges::all_of(value->get_array(), is_string)) {
    return must_be(name, fmt::format("a string or an array of up to {} strings", max));
  }
  for (const boost::json::value& element : value->get_array()) {
    strings.emplace_back(element.get_string());
  }
  return strings;
}

}  // namespace qaio
