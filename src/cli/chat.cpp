// qaio chat: a conversation in the terminal, with the mood and the times of every turn.
#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/config.h"
#include "app/runtime.h"
#include "base/mutex.h"
#include "cli/commands.h"
#include "cli/outcome_text.h"

namespace qaio {
namespace {

// Earlier turns kept for the prompt; the tasks drop more when they do not fit.
constexpr size_t kTurnsMax = 32;
constexpr auto kInterruptPoll = std::chrono::milliseconds(50);

struct Options {
  RuntimeOptions runtime;
  std::optional<uint64_t> seed;
};

volatile std::sig_atomic_t interrupted = 0;

// Ctrl-C stops the reply that is being written; at the prompt it ends the program.
void catch_interrupts() {
  struct sigaction action {};
  action.sa_handler = [](int) { interrupted = 1; };  // without SA_RESTART: reading ends, too
  ::sigaction(SIGINT, &action, nullptr);
}

// Hands text from the engine's thread, which must not wait for a terminal, to the one that prints.
class Mailbox {
 public:
  void post(std::string_view text) {
    const MutexLock lock(mutex_);
    text_ += text;
    changed_.notify_one();
  }
  void finish(RequestOutcome outcome) {
    const MutexLock lock(mutex_);
    outcome_ = std::move(outcome);
    changed_.notify_one();
  }
  // Moves what arrived into `text`; the outcome once it is there and all text was taken.
  std::optional<RequestOutcome> take(std::string& text) {
    const auto until = std::chrono::steady_clock::now() + kInterruptPoll;
    const MutexLock lock(mutex_);
    while (text_.empty() && !outcome_ && changed_.wait_until(mutex_, until)) continue;
    text = std::exchange(text_, {});
    return text.empty() ? std::exchange(outcome_, std::nullopt) : std::nullopt;
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  std::string text_ QAIO_GUARDED_BY(mutex_);
  std::optional<RequestOutcome> outcome_ QAIO_GUARDED_BY(mutex_);
};

// Prints the reply as it comes; returns when everything is done.
RequestOutcome stream_reply(const Pipeline& pipeline, PipelineRequest request) {
  const auto mailbox = std::make_shared<Mailbox>();
  PipelineCallbacks callbacks;
  callbacks.on_text = [mailbox](size_t, std::string_view text) { mailbox->post(text); };
  callbacks.on_done = [mailbox](RequestOutcome outcome) { mailbox->finish(std::move(outcome)); };
  interrupted = 0;
  const auto run = pipeline.run(request, std::move(callbacks));
  std::string text;
  for (;;) {
    auto outcome = mailbox->take(text);
    std::fputs(text.c_str(), stdout);
    std::fflush(stdout);
    if (outcome) return *std::move(outcome);
    if (interrupted != 0) run->cancel();
  }
}

void print_summary(const RequestOutcome& outcome, bool terminal) {
  std::string line;
  if (const TaskOutcome* sentiment = find_outcome(outcome, "sentiment"))
    line += answer_text(*sentiment) + ", ";
  if (const TaskOutcome* chat = find_outcome(outcome, "chat")) {
    line += times_line(*chat);
    if (chat->history_dropped > 0)
      line += fmt::format(", {} oldest turns left out", chat->history_dropped);
  }
  const std::string_view dim = terminal ? "\033[2m" : "";
  const std::string_view plain = terminal ? "\033[0m" : "";
  fmt::print("{}[{}]{}\n\n", dim, line, plain);
}

Result<void> chat(CLI::App& command, Options& options) {
  QAIO_ASSIGN(const TomlFile config, apply_config(command, options.runtime.config));
  QAIO_ASSIGN(const auto runtime, Runtime::create(options.runtime, config));
  print_warnings(*runtime);
  const bool terminal = ::isatty(STDIN_FILENO) && ::isatty(STDOUT_FILENO);
  if (terminal) {
    fmt::print("{} ({}). /exit or Ctrl-D ends, Ctrl-C stops a reply.\n\n", runtime->model().name,
               runtime->model().weight_type);
  }
  catch_interrupts();
  std::vector<Turn> history;
  std::string line;
  for (;;) {
    if (terminal) fmt::print("> ");
    std::fflush(stdout);
    if (!std::getline(std::cin, line) || line == "/exit") break;
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    PipelineRequest request{.tasks = {"sentiment", "chat"},
                            .input = line,
                            .history = history,
                            .system = {},
                            .overrides = {}};
    request.overrides.seed = options.seed;
    const RequestOutcome outcome = stream_reply(runtime->pipeline(), std::move(request));
    fmt::print("\n");
    if (outcome.error) {
      fmt::print("[{}]\n\n", outcome.error->message);
      continue;
    }
    print_summary(outcome, terminal);
    history.push_back({.user = line, .bot = find_outcome(outcome, "chat")->text});
    if (history.size() > kTurnsMax) history.erase(history.begin());
  }
  if (terminal) fmt::print("\n");
  return {};
}

}  // namespace

void add_chat(CLI::App& app, ExitCode& exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("chat", "Talk to the model in the terminal");
  add_runtime_options(*command, options->runtime);
  command->add_option("--seed", options->seed, "Same seed, same replies")->type_name("N");
  command->callback(
      [command, options, &exit_code] { exit_code = exit_code_of(chat(*command, *options)); });
}

}  // namespace qaio
