#pragma once

#include <string>
#include <string_view>

namespace qaio {

// Of ids and tokens that clients choose: neither white space nor control characters.
bool is_visible_ascii(std::string_view text);

// The client's id if it is 1 to 128 visible ASCII characters, else a new one: 16 hex digits,
// unlikely to occur twice ever. Thread-safe.
std::string choose_request_id(std::string_view from_client);

}  // namespace qaio
