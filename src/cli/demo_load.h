// What `qaio report --demo` sends.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace qaio {

// Sends so many requests of varied lengths and tasks to the /chat endpoint at `url` and waits for
// their answers: first one at a time, then one at a time with the tasks alternating, then several
// at once. Always the same ones for a seed. Progress goes to the terminal. kCancelled on Ctrl-C;
// kInternal with the first failure if any request failed.
Result<void> send_demo_requests(const std::string& url, int requests, uint64_t seed);

}  // namespace qaio
