// What the archives' tests share: a folder that goes away, a clock, what was said.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "archive/archive_message.h"
#include "base/clock.h"
#include "record/synthetic_record_for_test.h"

namespace qaio {

// The wall time is that of synthetic records, so that they are young.
class ArchiveClock final : public Clock {
 public:
  TimeNs now_ns() const override { return now_ns_; }
  int64_t wall_unix_ms() const override { return wall_unix_ms_; }
  void advance(std::chrono::milliseconds time) {
    now_ns_ += time.count() * 1'000'000;
    wall_unix_ms_ += time.count();
  }
  // Somebody sets the wall clock; steady time does not notice.
  void set_wall_by(std::chrono::milliseconds time) { wall_unix_ms_ += time.count(); }

 private:
  TimeNs now_ns_ = 1'000'000'000'000;
  int64_t wall_unix_ms_ = 1'790'000'000'000;
};

class ArchiveTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "qaio-archive-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string path() const { return (folder_ / "archive.db").string(); }
  ArchiveMessage listener() {
    return [this](ArchiveEvent event, const std::string& text) { said_.emplace_back(event, text); };
  }
  // Records first, first + 1, ...
  static std::vector<RecordPtr> records(uint64_t first, uint64_t count) {
    std::vector<RecordPtr> made;
    for (uint64_t n = first; n < first + count; ++n) made.push_back(synthetic_record_ptr(n));
    return made;
  }
  static RunInfo run_info(std::string version = "1.2.3") {
    return {.version = std::move(version),
            .model = "demo",
            .model_hash = "0123456789abcdef",
            .isa = "avx2",
            .threads = 2,
            .started_unix_ms = 1'790'000'000'000};
  }

  std::filesystem::path folder_;
  ArchiveClock clock_;
  std::vector<std::pair<ArchiveEvent, std::string>> said_;
};

}  // namespace qaio
