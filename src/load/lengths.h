// How long prompts and answers are: one length, or a distribution of lengths.
#pragma once

#include <string_view>

#include "base/random.h"
#include "base/result.h"

namespace qaio {

class Lengths {
 public:
  static constexpr int kTokensMax = 1 << 20;

  explicit Lengths(int tokens) : low_(tokens), high_(tokens) {}

  // "64": always 64. "16-128": each length in the range equally often. "normal:64:16": mean and
  // standard deviation. "exp:64": exponential with that mean. kInvalidArgument names these forms.
  static Result<Lengths> parse(std::string_view text);

  // In [1, kTokensMax]: what a distribution draws beyond is moved to the nearer end.
  int sample(Random& random) const;

 private:
  enum class Kind : uint8_t { kUniform, kNormal, kExponential };

  Kind kind_ = Kind::kUniform;
  int low_ = 1;  // kUniform: both included
  int high_ = 1;
  double mean_ = 0;  // otherwise
  double deviation_ = 0;
};

}  // namespace qaio
