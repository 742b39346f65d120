// JSON output as programs and people both like to read it: numbers in their shortest form.
#pragma once

#include <fmt/format.h>

#include <boost/json.hpp>
#include <ranges>
#include <string>
#include <string_view>

namespace qaio {

// The text as a JSON string with its quotes; bytes that are not UTF-8 become U+FFFD.
std::string json_quote(std::string_view text);

// "[1, 2.5]" of numbers; the shortest digits that read back as the same value.
template <std::ranges::input_range Numbers>
std::string json_numbers(const Numbers& numbers) {
  return fmt::format("[{}]", fmt::join(numbers, ", "));
}

}  // namespace qaio
