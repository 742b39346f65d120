#include "base/utc_text.h"

#include <array>
#include <chrono>
#include <cstdio>
#include <ctime>

namespace qaio {
namespace {

// `format` as strftime() has it, of the second that this lies in.
std::string formatted(int64_t unix_ms, const char* format) {
  using std::chrono::milliseconds;
  const std::time_t seconds =
      std::chrono::floor<std::chrono::seconds>(milliseconds(unix_ms)).count();
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  std::array<char, 40> text{};
  return {text.data(), std::strftime(text.data(), text.size(), format, &utc)};
}

}  // namespace

std::string utc_text(int64_t unix_ms) {
  const auto ms = static_cast<int>((unix_ms % 1000 + 1000) % 1000);  // also before 1970
  std::array<char, 8> fraction{};
  std::snprintf(fraction.data(), fraction.size(), ".%03dZ", ms);
  return formatted(unix_ms, "%Y-%m-%dT%H:%M:%S") + fraction.data();
}

std::string utc_file_text(int64_t unix_ms) {
  std::string time = utc_text(unix_ms);
  std::erase_if(time, [](char c) { return c == '-' || c == ':' || c == '.'; });
  return time;
}

std::string utc_second_text(int64_t unix_ms) { return formatted(unix_ms, "%Y-%m-%d %H:%M:%S UTC"); }

std::string utc_day_text(int64_t unix_ms) { return formatted(unix_ms, "%Y-%m-%d"); }

}  // namespace qaio
