// The keys of a [[task]] table that make a question.
#pragma once

#include "base/result.h"
#include "tasks/question.h"

namespace qaio {

class TomlReader;  // config/toml_reader.h

// Reads what a question of this kind has: `question`, `options`, `levels`, `yes`, `no` and
// `permutations`, the last keys of the table that anybody reads. Those that are left out keep their
// values. What check_question() finds is told with the line of the key that is at fault.
Result<void> read_question(TomlReader& reader, Question& question);

}  // namespace qaio
