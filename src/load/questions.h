// Yes/no questions for an API that decides.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace qaio {

// Always the same for the same seed, request and count, and others for every request, so that no
// cache of the server has seen them: about 15 tokens of common words each.
std::vector<std::string> yes_no_questions(uint64_t seed, uint64_t request, int count);

}  // namespace qaio
