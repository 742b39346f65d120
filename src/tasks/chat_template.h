// What Qwen's chat templates differ in.
#pragma once

#include <string>
#include <string_view>

#include "text/tokenizer.h"

namespace qaio {

// What the model continues: "assistant\n", and for a model that would think first (Qwen3, whose
// vocabulary has "<think>") the empty thought by which its template asks for the answer at once.
std::string answer_head(const Tokenizer& tokenizer);

// An earlier answer as the template repeats it: a thinking model's without its thoughts.
std::string_view repeated_answer(std::string_view answer, const Tokenizer& tokenizer);

}  // namespace qaio
