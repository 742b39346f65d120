#include "cli/archive_filter_options.h"

#include <cmath>

#include "base/time_argument.h"

namespace qaio {

void add_archive_filter_options(CLI::App& command, ArchiveFilterOptions& options) {
  constexpr auto kGroup = "Records";
  command.add_option("--last", options.last, "Only the newest N of them (the slowest: --slowest)")
      ->check(CLI::Range(int64_t{1}, int64_t{1'000'000'000}))
      ->type_name("N")
      ->group(kGroup);
  command.add_option("--since", options.since, "Arrived then or later: 2h, 7d, 2026-11-25T09:30")
      ->type_name("TIME")
      ->group(kGroup);
  command.add_option("--until", options.until, "Arrived before")->type_name("TIME")->group(kGroup);
  command.add_option("--run-version", options.run_version, "Served by this version of qaio")
      ->type_name("VERSION")
      ->group(kGroup);
  command.add_option("--task", options.task, "Requests that ran this task")
      ->type_name("NAME")
      ->group(kGroup);
  command.add_option("--route", options.route, "The path, such as /chat or /v1/tasks/{name}")
      ->type_name("PATH")
      ->group(kGroup);
  command.add_option("--min-ms", options.min_ms, "Took at least so many ms in total")
      ->check(CLI::Range(0.0, 1e9))
      ->type_name("MS")
      ->group(kGroup);
  command.add_flag("--slowest", options.slowest, "The slowest first, else the oldest")
      ->group(kGroup);
}

Result<ArchiveFilter> archive_filter(const ArchiveFilterOptions& options, int64_t now_unix_ms) {
  ArchiveFilter filter;
  if (!options.since.empty()) {
    QAIO_ASSIGN(filter.from_unix_ms, parse_time(options.since, now_unix_ms));
  }
  if (!options.until.empty()) {
    QAIO_ASSIGN(filter.until_unix_ms, parse_time(options.until, now_unix_ms));
  }
  filter.version = options.run_version;
  filter.task = options.task;
  filter.path = options.route;
  if (options.min_ms) filter.total_min_us = std::llround(*options.min_ms * 1000);
  filter.limit = options.last;
  if (options.slowest) filter.order = ArchiveFilter::Order::kSlowestFirst;
  return filter;
}

}  // namespace qaio
