// What a load asks the server before it begins.
#pragma once

#include <string>

#include "load/http_call.h"
#include "load/prompt_text.h"

namespace qaio {

// The first model that the server lists. kIo, kNotFound or kUnsupported: name one instead.
Result<std::string> first_model(const Target& target, const Transport& transport);

// Lets the server's tokenizer make the prompts' lengths exact. Where it has none of llama-server's
// kind they stay approximate, which is no error. kIo: there is no server.
Result<void> calibrate(const Target& target, const Transport& transport, PromptText& text);

}  // namespace qaio
