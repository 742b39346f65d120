// A request body as validated fields: every refusal names the field and what it should be.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace qaio {

// 1.0 is 1.
bool same_json(const boost::json::value& a, const boost::json::value& b);

// Reading methods give kInvalidArgument with the field's name; null counts as absent.
class JsonFields {
 public:
  // The body must be a JSON object in UTF-8 whose members all are among `known`.
  static Result<JsonFields> parse(std::string_view body, std::span<const std::string_view> known);
  // The same with any members: the caller looks at names().
  static Result<JsonFields> parse(std::string_view body, size_t depth_max = kJsonDepthMax);
  // The same for an object inside a body; `path` ("history[2]") leads its fields' names.
  static Result<JsonFields> nested(const boost::json::value& value, std::string path,
                                   std::span<const std::string_view> known);

  // The same with any members; the refusal of what is no object names those in `known`.
  static Result<JsonFields> nested_any(const boost::json::value& value, std::string path,
                                       std::span<const std::string_view> known);

  std::vector<std::string_view> names() const;

  // Present and a string; may be empty.
  Result<std::string> text(std::string_view name) const;
  Result<std::optional<bool>> boolean(std::string_view name) const;
  // A whole number in [min, max].
  Result<std::optional<int64_t>> integer(std::string_view name, int64_t min, int64_t max) const;
  // A finite number; the caller checks its range and refuses with must_be().
  Result<std::optional<double>> number(std::string_view name) const;
  // The same within [min, max].
  Result<std::optional<double>> number(std::string_view name, double min, double max) const;
  // An array of at most `max` elements; nullptr if absent.
  Result<const boost::json::array*> array(std::string_view name, size_t max) const;

  // One string, or an array of at most `max` of them; empty if absent.
  Result<std::vector<std::string>> strings(std::string_view name, size_t max) const;

  // Which of two names for the same is used; an error if both are and say different things.
  Result<std::string_view> either(std::string_view name, std::string_view alias) const;

  // Of any type, for the caller to look at; nullptr if absent or null.
  const boost::json::value* find(std::string_view name) const;

  // The name with the path that leads to it: "history[2].bot".
  std::string full_name(std::string_view name) const;
  // "`name` must be <what>".
  tl::unexpected<Error> must_be(std::string_view name, std::string_view what) const;

 private:
  JsonFields(boost::json::object object, std::string path)
      : object_(std::move(object)), path_(std::move(path)) {}
  Result<void> check_names(std::span<const std::string_view> known) const;

  boost::json::object object_;
  std::string path_;
};

}  // namespace qaio
