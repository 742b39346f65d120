// Ends a text where one of several strings appears, however the text is cut into pieces.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace qaio {

// One automaton per string (Knuth, Morris, Pratt 1977): constant work per byte and string.
class StopStrings {
 public:
  // None of `stops` is empty or longer than kStopBytesMax. Without stops text passes unchanged.
  explicit StopStrings(const std::vector<std::string>& stops);

  // Takes the next piece; returns the text that is now certain to stand before a stop string.
  // What may yet become one is held back. Nothing more comes out once found().
  std::string push(std::string_view piece);
  // The text is over: returns what was held back.
  std::string finish();
  // A stop string is complete: the first to end, the longest of those that end together.
  bool found() const { return found_; }

 private:
  struct Stop {
    void advance(char byte);

    std::string text;
    std::vector<uint16_t>
        borders;         // [i]: bytes of the longest proper border of the first i + 1 bytes
    size_t matched = 0;  // bytes of it that end the text so far
  };

  std::vector<Stop> stops_;
  std::string held_;
  bool found_ = false;
};

}  // namespace qaio
