// What a model's raw text means for a task.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace qaio {

// Without ASCII white space and U+3000 at both ends.
std::string_view trim(std::string_view text);

// The label named in the last line of `text` that is not blank: the one that begins first, the
// longer one of two that begin together. Absent when the line names none. Index into `labels`.
std::optional<size_t> find_label(std::string_view text, std::span<const std::string> labels);

}  // namespace qaio
