#include "server/api/perf_log.h"

#include <fmt/format.h>
#include <spdlog/logger.h>

#include "base/json_writer.h"
#include "base/printable.h"
#include "record/rounded_times.h"

namespace qaio {
namespace {

// What a client sent may hold anything; a log line is one line, of as many words each time.
std::string one_word(std::string_view text) {
  return text.empty() ? "-" : printable(text, PrintableAs::kWord);
}

std::string perf_line(const RequestRecord& record) {
  std::string line = fmt::format("[PERF] id={} status={} {} {} total={}ms", record.request_id,
                                 record.status, one_word(record.method), one_word(record.path),
                                 format_thousandths(lane_micros(record.lane).total));
  auto out = std::back_inserter(line);
  uint32_t tokens = 0;
  uint32_t questions = 0;
  for (const TaskRecord& task : record.tasks) {
    fmt::format_to(out, " {}={}ms", task.task, format_thousandths(lane_micros(task.lane).total));
    tokens += task.counters.completion_tokens;
    questions += task.counters.questions;
  }
  if (!record.tasks.empty()) {
    const RequestMicros times = request_micros(record);
    fmt::format_to(out, " prompt_build={}ms queue={}ms", format_thousandths(times.prompt_build_us),
                   format_thousandths(times.queue_us));
    if (times.ttft_us) fmt::format_to(out, " ttft={}ms", format_thousandths(*times.ttft_us));
    fmt::format_to(out, " tokens={}", tokens);
    if (questions > 0) fmt::format_to(out, " questions={}", questions);
  }
  fmt::format_to(out, " unattributed={}ms",
                 format_thousandths(lane_micros(record.lane).unattributed));
  if (!record.key.empty()) fmt::format_to(out, " key={}", one_word(record.key));
  if (!record.error_code.empty()) fmt::format_to(out, " error={}", record.error_code);
  return line;
}

}  // namespace

void PerfLog::consume(std::span<const RecordPtr> records) {
  for (const RecordPtr& record : records) {
    // orchestrators probe health every second or so: such lines would drown the rest
    const bool probe = record->path == "/health" || record->path.starts_with("/health/");
    const auto level = probe ? spdlog::level::debug : spdlog::level::info;
    if (logger_->should_log(level)) logger_->log(level, "{}", perf_line(*record));
  }
}

}  // namespace qaio
