#include "tasks/thoughts.h"

#include <algorithm>
#include <utility>

namespace qaio {
namespace {

constexpr std::string_view kSpace = " \t\r\n";

size_t leading_space(std::string_view text) {
  return std::min(text.find_first_not_of(kSpace), text.size());
}

// Without white space at its end.
std::string_view closed(std::string_view text) {
  return text.substr(0, text.find_last_not_of(kSpace) + 1);
}

// The bytes at the end of `text` with which </think> may begin.
size_t begun_mark(std::string_view text) {
  for (size_t bytes = std::min(kThoughtEnd.size() - 1, text.size()); bytes > 0; --bytes) {
    if (text.ends_with(kThoughtEnd.substr(0, bytes))) return bytes;
  }
  return 0;
}

}  // namespace

// False while it may yet begin with <think>.
bool ThoughtSplitter::leave_beginning() {
  if (start_ == TextStart::kAnswer) {
    place_ = Place::kAnswer;
    return true;
  }
  const std::string_view rest = std::string_view(held_).substr(leading_space(held_));
  if (rest.starts_with(kThoughtBegin)) {
    held_.erase(0, held_.size() - rest.size() + kThoughtBegin.size());
  } else if (kThoughtBegin.starts_with(rest)) {
    return false;
  } else if (start_ == TextStart::kEither) {
    place_ = Place::kAnswer;
    return true;
  }
  place_ = Place::kThought;
  return true;
}

// False if the thought goes on.
bool ThoughtSplitter::read_thought(SplitText& out) {
  if (!thought_begun_) held_.erase(0, leading_space(held_));
  const std::string_view held = held_;
  if (const size_t end = held.find(kThoughtEnd); end != std::string_view::npos) {
    out.thought += closed(held.substr(0, end));
    held_.erase(0, end + kThoughtEnd.size());
    place_ = Place::kBehindThought;
    return true;
  }
  const size_t sure = closed(held.substr(0, held.size() - begun_mark(held))).size();
  out.thought += held.substr(0, sure);
  thought_begun_ = thought_begun_ || sure > 0;
  held_.erase(0, sure);
  return false;
}

SplitText ThoughtSplitter::push(std::string_view piece) {
  SplitText out;
  held_ += piece;
  if (place_ == Place::kBegin && !leave_beginning()) return out;
  if (place_ == Place::kThought && !read_thought(out)) return out;
  if (place_ == Place::kBehindThought) {
    held_.erase(0, leading_space(held_));
    if (held_.empty()) return out;
    place_ = Place::kAnswer;
  }
  out.answer = std::exchange(held_, {});
  return out;
}

SplitText ThoughtSplitter::finish() {
  const bool thinks =
      place_ == Place::kThought || (place_ == Place::kBegin && start_ == TextStart::kThought);
  std::string rest = std::exchange(held_, {});
  if (!thinks) return {.thought = {}, .answer = std::move(rest)};
  if (!thought_begun_) rest.erase(0, leading_space(rest));
  return {.thought = std::string(closed(rest)), .answer = {}};
}

SplitText split_thoughts(std::string_view text, TextStart start) {
  ThoughtSplitter splitter(start);
  SplitText out = splitter.push(text);
  SplitText rest = splitter.finish();
  out.thought += rest.thought;
  out.answer += rest.answer;
  return out;
}

}  // namespace qaio
