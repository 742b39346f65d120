// What OTLP's JSON encoding asks for beyond JSON: attributes with typed values, 64-bit integers as
// text, times in Unix ns. Internal to otlp_*.cpp.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "base/json_writer.h"

namespace qaio {

// The array of attributes of one object, from construction to destruction.
class OtlpAttributes {
 public:
  explicit OtlpAttributes(JsonWriter& json) : json_(json) { json_.begin_array(); }
  ~OtlpAttributes() { json_.end_array(); }
  OtlpAttributes(const OtlpAttributes&) = delete;
  OtlpAttributes& operator=(const OtlpAttributes&) = delete;

  // An empty text is left out.
  void text(std::string_view name, std::string_view value) {
    if (value.empty()) return;
    begin(name).key("stringValue").string(value);
    end();
  }
  void integer(std::string_view name, int64_t value) {
    begin(name).key("intValue").string(std::to_string(value));
    end();
  }
  void real(std::string_view name, double value) {
    begin(name).key("doubleValue").real(value);
    end();
  }
  void real(std::string_view name, float value) {
    begin(name).key("doubleValue").number(value);
    end();
  }
  void texts(std::string_view name, std::initializer_list<std::string_view> values) {
    begin(name).key("arrayValue").begin_object().key("values").begin_array();
    for (const std::string_view value : values) {
      json_.begin_object().key("stringValue").string(value).end_object();
    }
    json_.end_array().end_object();
    end();
  }

 private:
  JsonWriter& begin(std::string_view name) {
    return json_.begin_object().key("key").string(name).key("value").begin_object();
  }
  void end() { json_.end_object().end_object(); }

  JsonWriter& json_;
};

inline double to_seconds(int64_t ns) { return static_cast<double>(ns) / 1e9; }

}  // namespace qaio
