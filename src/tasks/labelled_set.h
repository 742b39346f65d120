// Labelled texts to judge a classify task by.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace qaio {

struct LabelledText {
  std::string text;
  std::string label;
  size_t line = 0;  // of the file, from 1
};

struct LabelledFormat {
  std::string text_name = "text";    // of the column or member
  std::string label_name = "label";  // the same
  // What the file calls a label -> what the task calls it; others stay as they are.
  std::map<std::string, std::string> label_names;
};

// TSV whose first line names its columns, or JSON lines: whichever the first line is. In JSON a
// label may be a string, an integer or a boolean. Empty lines are skipped. kInvalidArgument names
// the line: bytes that are no UTF-8, a missing column or member, an empty text, a label that is
// none of `labels`, no text at all.
Result<std::vector<LabelledText>> parse_labelled(std::string_view content,
                                                 const LabelledFormat& format,
                                                 const std::vector<std::string>& labels);

}  // namespace qaio
