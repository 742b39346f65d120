#include "tasks/labels.h"

#include <algorithm>

namespace qaio {
namespace {

constexpr std::string_view kAsciiSpace = " \t\r\n\f\v";
constexpr std::string_view kWideSpace = "\u3000";

}  // namespace

std::string_view trim(std::string_view text) {
  for (size_t before = text.size() + 1; before != text.size();) {
    before = text.size();
    text.remove_prefix(std::min(text.find_first_not_of(kAsciiSpace), text.size()));
    text.remove_suffix(text.size() - (text.find_last_not_of(kAsciiSpace) + 1));
    if (text.starts_with(kWideSpace)) text.remove_prefix(kWideSpace.size());
    if (text.ends_with(kWideSpace)) text.remove_suffix(kWideSpace.size());
  }
  return text;
}

std::optional<size_t> find_label(std::string_view text, std::span<const std::string> labels) {
  std::string_view line = trim(text);
  line.remove_prefix(line.rfind('\n') + 1);  // npos + 1 == 0: a single line
  std::optional<size_t> best;
  size_t best_at = std::string_view::npos;
  for (size_t i = 0; i < labels.size(); ++i) {
    const size_t at = line.find(labels[i]);
    if (at == std::string_view::npos) continue;
    if (!best || at < best_at || (at == best_at && labels[i].size() > labels[*best].size())) {
      best = i;
      best_at = at;
    }
  }
  return best;
}

}  // namespace qaio
