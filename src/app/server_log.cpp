#include "app/server_log.h"

#include <fmt/format.h>
#include <spdlog/details/os.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink-inl.h>  // the library has it for std::mutex alone
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <string_view>
#include <utility>

#include "base/mutex.h"
#include "base/printable.h"

namespace qaio {
namespace {

constexpr auto kName = "qaio";
constexpr std::chrono::milliseconds kFarewellTime{250};

std::string gap_text(uint64_t dropped) {
  return fmt::format("{} line{} missing here: nobody read them, or they could not be written",
                     dropped, dropped == 1 ? " is" : "s are");
}

// Formats as spdlog's own sink of standard error does, in colors on a terminal.
class QueueSink final : public spdlog::sinks::base_sink<Mutex> {
 public:
  explicit QueueSink(std::shared_ptr<OutputQueue> queue) : queue_(std::move(queue)) {}

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    // Whoever chose a part of it: a client, a file, another server's answer.
    const std::string shown =
        printable({message.payload.data(), message.payload.size()}, PrintableAs::kLine);
    spdlog::details::log_msg one_line = message;
    one_line.payload = shown;
    spdlog::memory_buf_t text;
    formatter_->format(one_line, text);
    std::string line(text.data(), text.size());
    if (colored_ && one_line.color_range_end > one_line.color_range_start) {
      line.insert(one_line.color_range_end, "\033[m");
      line.insert(one_line.color_range_start, color_of(message.level));
    }
    queue_->push(std::move(line));
  }
  void flush_() override {}

 private:
  static std::string_view color_of(spdlog::level::level_enum level) {
    if (level >= spdlog::level::err) return "\033[31m\033[1m";
    if (level == spdlog::level::warn) return "\033[33m\033[1m";
    return level == spdlog::level::info ? "\033[32m" : "\033[36m";
  }

  const std::shared_ptr<OutputQueue> queue_;
  const bool colored_ =
      spdlog::details::os::in_terminal(stderr) && spdlog::details::os::is_color_terminal();
};

// Of the log: as all its lines.
std::string gap_in_log(uint64_t dropped) {
  const std::string text = gap_text(dropped);
  spdlog::memory_buf_t line;
  spdlog::pattern_formatter().format(spdlog::details::log_msg(kName, spdlog::level::warn, text),
                                     line);
  return {line.data(), line.size()};
}

std::shared_ptr<spdlog::logger> make_logger(const std::shared_ptr<OutputQueue>& queue) {
  auto logger = std::make_shared<spdlog::logger>(kName, std::make_shared<QueueSink>(queue));
  // Out of memory; spdlog would print that itself, and wait for whoever reads it.
  logger->set_error_handler([queue](const std::string&) { queue->drop_one(); });
  return logger;
}

}  // namespace

ServerLog::ServerLog()
    : errors_(std::make_shared<OutputQueue>(STDERR_FILENO,
                                            OutputQueue::Options{.gap_line = gap_in_log})),
      output_(std::make_unique<OutputQueue>(
          STDOUT_FILENO, OutputQueue::Options{.gap_line =
                                                  [](uint64_t dropped) {
                                                    return fmt::format("{}: {}\n", kName,
                                                                       gap_text(dropped));
                                                  }})),
      logger_(make_logger(errors_)) {}

ServerLog::~ServerLog() { finish(); }

void ServerLog::announce(const std::string& line) { output_->push(line + "\n"); }

void ServerLog::finish() {
  const auto until = std::chrono::steady_clock::now() + kFarewellTime;
  errors_->stop(until);
  output_->stop(until);
}

}  // namespace qaio
