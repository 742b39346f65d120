#include "base/wrong_content.h"

#include <algorithm>
#include <cctype>

namespace qaio {
namespace {

constexpr size_t kLooked = 1024;

bool begins_with_ignoring_case(std::string_view text, std::string_view start) {
  const auto lower = [](unsigned char c) { return std::tolower(c); };
  return text.size() >= start.size() &&
         std::ranges::equal(text.substr(0, start.size()), start, {}, lower, lower);
}

}  // namespace

std::optional<std::string> wrong_content(std::string_view bytes) {
  if (bytes.empty()) return "is empty: its download did not finish";
  const std::string_view start = bytes.substr(0, kLooked);
  if (start.starts_with("version https://git-lfs.github.com/spec/")) {
    return "is a Git LFS pointer, not the file itself: the model was cloned without git-lfs; "
           "run `git lfs pull` in its folder";
  }
  if (start.starts_with("\xFF\xFE") || start.starts_with("\xFE\xFF"))
    return "is UTF-16 text; save it as UTF-8";
  std::string_view text = start;
  text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
  if (begins_with_ignoring_case(text, "<!doctype html") || begins_with_ignoring_case(text, "<html"))
    return "is a web page, not the file itself; download it again";
  if (start.starts_with("PK\x03\x04")) {
    return "is a ZIP archive, as PyTorch and archivers write; safetensors and GGUF files are read";
  }
  if (std::ranges::all_of(start, [](char c) { return c == '\0'; }))
    return "begins with zeros: its download did not finish";
  return std::nullopt;
}

}  // namespace qaio
