// Unicode normalization form C.
#pragma once

#include <string>
#include <string_view>

namespace qaio {

// NFC of valid UTF-8. Returns `text` itself when it is already normal (nearly always), otherwise a
// view of `*storage`, whose earlier contents are lost. O(n log n) for any input. Thread-safe.
std::string_view to_nfc(std::string_view text, std::string* storage);

}  // namespace qaio
