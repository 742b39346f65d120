// An archive as the source of a report or a comparison.
#pragma once

#include <string>
#include <utility>

#include "observe/record_set.h"

namespace qaio {

class ArchiveSource final : public RecordSource {
 public:
  explicit ArchiveSource(std::string path) : path_(std::move(path)) {}
  // Errors are those of ArchiveReader.
  Result<RecordSet> load(const RecordSelection& selection) override;

 private:
  std::string path_;
};

}  // namespace qaio
