// The records that a report or a comparison is about, wherever they come from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "record/record.h"

namespace qaio {

struct RecordSet {
  // One process, from its start to its end.
  struct Run {
    RunInfo info;
    bool from_start = false;  // no record of it, however early, was left out
  };
  struct Item {
    RecordPtr record;
    uint32_t run = 0;  // index in `runs`
  };
  std::vector<Run> runs;
  std::vector<Item> items;  // by time of arrival

  const RunInfo& run_of(const Item& item) const { return runs[item.run].info; }
};

// Which records are wanted; an empty selection is all of them.
struct RecordSelection {
  size_t last = 0;  // the latest to arrive, of those that the rest allows; 0: all
  std::optional<int64_t> since_unix_ms = {};
  std::optional<int64_t> until_unix_ms = {};  // not included
  std::string version = {};                   // of the program; empty: any
  std::string model = {};                     // empty: any
  std::string task = {};                      // requests that ran it; empty: any
  std::string path = {};                      // the route; empty: any
};

// A place where records are kept: a file, an archive.
class RecordSource {
 public:
  virtual ~RecordSource() = default;
  // Errors name the place and what is wrong with it. Nothing found is an empty set, not an error.
  virtual Result<RecordSet> load(const RecordSelection& selection) = 0;
};

// Applies a selection while records come in, so that no more than twice `last` are ever held.
// Requests that only look are left out.
class RecordSelector {
 public:
  explicit RecordSelector(RecordSelection selection) : selection_(std::move(selection)) {}

  // The number of a run for add(); the same for the same run. `from_start`: every record of it will
  // be given.
  uint32_t add_run(RunInfo info, bool from_start);
  void add(RecordPtr record, uint32_t run);
  RecordSet take();  // once

 private:
  void keep_latest();

  RecordSelection selection_;
  RecordSet set_;
};

}  // namespace qaio
