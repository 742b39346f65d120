// Which records of an archive a command is about.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "archive/archive_reader.h"
#include "base/result.h"

namespace qaio {

struct ArchiveFilterOptions {
  size_t last = 0;  // 0: all
  std::string since = {};
  std::string until = {};
  std::string run_version = {};
  std::string task = {};
  std::string route = {};
  std::optional<double> min_ms = {};
  bool slowest = false;
};

// --last, --since, --until, --run-version, --task, --route, --min-ms, --slowest.
void add_archive_filter_options(CLI::App& command, ArchiveFilterOptions& options);

// kInvalidArgument for a time that is none.
Result<ArchiveFilter> archive_filter(const ArchiveFilterOptions& options, int64_t now_unix_ms);

}  // namespace qaio
