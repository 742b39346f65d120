// Writes JSON into a string. Times are numbers of milliseconds with three decimals, which a generic
// serializer would turn into 5.80123E2.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace qaio {

// The caller keeps begin and end balanced and puts a key before every value of an object.
class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) {}

  JsonWriter& begin_object() { return open('{'); }
  JsonWriter& end_object() { return close('}'); }
  JsonWriter& begin_array() { return open('['); }
  JsonWriter& end_array() { return close(']'); }
  JsonWriter& key(std::string_view name);     // bytes that are not UTF-8 become U+FFFD
  JsonWriter& string(std::string_view text);  // likewise
  JsonWriter& integer(int64_t value);
  JsonWriter& number(double value);        // six significant digits; null if not finite
  JsonWriter& real(double value);          // the shortest that reads back the same; null likewise
  JsonWriter& raw(std::string_view json);  // a value that is JSON already
  JsonWriter& thousandths(int64_t value);  // 1234 is written as 1.234: microseconds as ms
  JsonWriter& boolean(bool value);
  JsonWriter& null();

 private:
  JsonWriter& open(char bracket);
  JsonWriter& close(char bracket);
  JsonWriter& value(std::string_view text);
  void separate();

  std::string& out_;
  bool first_ = true;  // nothing stands before the next value, so it needs no comma
};

// "1.234" for 1234.
std::string format_thousandths(int64_t value);

}  // namespace qaio
