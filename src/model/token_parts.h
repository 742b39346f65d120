// How a step's tokens are divided among its threads.
#pragma once

#include <algorithm>
#include <cstdint>

namespace qaio {

// Tokens [first, first + count) of a step.
struct TokenPart {
  int first;
  int count;
};

// Threads form groups of equal size, and each group works on tokens of its own throughout a layer:
// what it writes for them is still in its caches when it reads it, while threads that share tokens
// read what other cores have written. A group's tokens are cut into parts, whose activations stay
// in its second-level cache while all weights pass by. Few tokens are one part of one group, as
// each group reads all weights.
class TokenParts {
 public:
  TokenParts(int tokens, int threads) : tokens_(tokens), threads_(threads) {
    while (groups_ > 1 && (threads % groups_ != 0 || tokens / groups_ < kTokensMin)) --groups_;
    parts_of_group_ = std::max(1, (tokens + groups_ * kTokensMax - 1) / (groups_ * kTokensMax));
  }

  int groups() const { return groups_; }
  int group_of(int thread) const { return thread / (threads_ / groups_); }
  // Its number among the threads of its group.
  int index_in_group(int thread) const { return thread % (threads_ / groups_); }
  int parts_of_group() const { return parts_of_group_; }
  int count() const { return groups_ * parts_of_group_; }
  TokenPart part(int index) const { return between(index, count()); }
  // That of the tokens which this thread alone works on; a group's follow each other.
  TokenPart share(int thread) const { return between(thread, threads_); }
  int part_of(int token) const {
    return static_cast<int>((static_cast<int64_t>(token + 1) * count() - 1) / tokens_);
  }

 private:
  // Of a group. A thread that multiplies 20 tokens at 700 Gop/s reads 10 GB/s of 4-bit weights.
  static constexpr int kTokensMin = 20;
  // Of a part, to be quantized into 150 KiB with 1024 columns.
  static constexpr int kTokensMax = 128;

  TokenPart between(int index, int of) const {
    const auto begin = [&](int i) {
      return static_cast<int>(static_cast<int64_t>(tokens_) * i / of);
    };
    return {begin(index), begin(index + 1) - begin(index)};
  }

  int tokens_;
  int threads_;
  int groups_ = threads_;
  int parts_of_group_ = 1;
};

}  // namespace qaio
