#pragma once

#include <string>
#include <string_view>

namespace qaio {

// Of tokens that clients choose: neither white space nor control characters.
bool is_visible_ascii(std::string_view text);

// The client's id if it is 1 to 128 letters, digits and "-_.:/+=@~,|" (UUIDs, base64, what load
// balancers send; nothing that a log, a page or a table could take for its own), else a new one: 32
// hex digits of the kernel's random generator, so that nobody can guess it. Thread-safe.
std::string choose_request_id(std::string_view from_client);

}  // namespace qaio
