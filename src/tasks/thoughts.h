// A model's thoughts and its answer, told apart as the text comes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace qaio {

inline constexpr std::string_view kThoughtBegin = "<think>";
inline constexpr std::string_view kThoughtEnd = "</think>";

// What a model's text begins with, as far as its prompt tells.
enum class TextStart : uint8_t {
  kAnswer,   // the answer; nothing in it is a mark
  kEither,   // the answer, or <think> and a thought
  kThought,  // a thought that the prompt opened
};

struct SplitText {
  std::string thought;
  std::string answer;

  bool empty() const { return thought.empty() && answer.empty(); }
};

// A thought ends with </think>, or with the text: what is never closed is no answer. Marks, and
// white space beside them, belong to neither. However the text is cut into pieces, the parts of all
// together are the same; what may yet be a mark is held back.
class ThoughtSplitter {
 public:
  explicit ThoughtSplitter(TextStart start = TextStart::kAnswer) : start_(start) {}
  // What is known of either with this piece.
  SplitText push(std::string_view piece);
  // What was held back, at the end of the text.
  SplitText finish();

 private:
  enum class Place : uint8_t { kBegin, kThought, kBehindThought, kAnswer };

  bool leave_beginning();
  bool read_thought(SplitText& out);

  TextStart start_;
  Place place_ = Place::kBegin;
  bool thought_begun_ = false;  // some of it was given out
  std::string held_;
};

// A whole text at once.
SplitText split_thoughts(std::string_view text, TextStart start);

}  // namespace qaio
