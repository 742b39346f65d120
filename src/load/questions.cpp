#include "load/questions.h"

#include "base/random.h"
#include "load/words.h"

namespace qaio {

std::vector<std::string> yes_no_questions(uint64_t seed, uint64_t request, int count) {
  // The texts of the same seed are made from its other streams.
  Random random(~seed, request);
  const auto words = common_words();
  const auto word = [&] { return std::string(words[random.below(words.size())]); };
  std::vector<std::string> questions;
  for (int i = 0; i < count; ++i) {
    // A drawn word early: what two questions have in common is soon over.
    std::string question = "Is ";
    question += word();
    question += " or " + word();
    question += " said before " + word();
    question += " or " + word();
    question += " in this text?";
    questions.push_back(std::move(question));
  }
  return questions;
}

}  // namespace qaio
