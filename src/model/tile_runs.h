// How the threads of a step share the tiles of a phase's matrices.
#pragma once

#include <algorithm>
#include <atomic>

#include "model/token_parts.h"

namespace qaio {

// Runs of tiles of a phase, each for one part of the tokens. A thread's first run is known
// beforehand, so that it can be fetched from memory beforehand; the others go to whoever is free,
// those of its own group before others. They shrink towards the end, so that a thread that was held
// up does not hold up the others: to a tile, but for few tokens, whose tiles take a microsecond or
// less and come from memory best in a row.
class TileRuns {
 public:
  struct Run {
    int part = 0;
    int begin = 0;  // tiles
    int end = 0;
    bool empty() const { return begin == end; }
  };
  TileRuns(int tiles, const TokenParts& parts, int threads)
      : parts_(parts),
        tiles_(tiles),
        units_(tiles * parts.parts_of_group()),
        least_(parts.part(0).count < kTokensMany ? kTilesOfFew : 1),
        threads_(threads),
        group_threads_(threads / parts.groups()),
        first_share_(std::min(share_of(units_), std::max(1, tiles / group_threads_))) {}

  Run first(int thread) const {
    const int begin = std::min(parts_.index_in_group(thread) * first_share_, units_);
    return run(parts_.group_of(thread), begin, std::min(first_share_, units_ - begin));
  }
  // The next one; empty when all are taken. `taken` is shared by the threads and 0 at first.
  Run next(int thread, std::atomic<int>* taken) const {
    const int given = std::min(group_threads_ * first_share_, units_);
    for (int i = 0; i < parts_.groups(); ++i) {
      const int group = (parts_.group_of(thread) + i) % parts_.groups();
      int before = taken[group].load(std::memory_order_relaxed);
      while (given + before < units_) {
        const int begin = given + before;
        const int count = std::min(share_of(units_ - begin), tiles_ - begin % tiles_);
        if (taken[group].compare_exchange_weak(before, before + count, std::memory_order_relaxed))
          return run(group, begin, count);
      }
    }
    return {};
  }

 private:
  static constexpr int kTokensMany = 16;
  static constexpr int kTilesOfFew = 4;

  int share_of(int units) const {
    return threads_ == 1 ? units : std::max(least_, units / (threads_ * 2));
  }
  // Units of a group: all tiles for its first part, for its second, ...
  Run run(int group, int begin, int count) const {
    const int tile = begin % tiles_;
    return {group * parts_.parts_of_group() + begin / tiles_, tile, tile + count};
  }

  const TokenParts& parts_;
  const int tiles_;
  const int units_;  // of a group
  const int least_;
  const int threads_;
  const int group_threads_;
  const int first_share_;
};

}  // namespace qaio
