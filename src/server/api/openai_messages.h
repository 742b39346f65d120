// The conversation of a chat completion.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/result.h"
#include "server/http/json_fields.h"
#include "tasks/chat_template.h"

namespace qaio {

// Reads "messages": 1 to `max` of them, each a text or an array of text parts, which are joined by
// line breaks. kInvalidArgument with the field, such as messages[2].content[0].type. `ignored` as
// check_fields() has it.
Result<std::vector<Message>> read_messages(const JsonFields& fields, size_t max,
                                           std::vector<std::string>& ignored);

}  // namespace qaio
