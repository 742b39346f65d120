#include "slo/child_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <string_view>
#include <thread>

extern char** environ;

namespace qaio {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;
constexpr auto kLook = std::chrono::milliseconds(10);

class FileActions {
 public:
  FileActions() { posix_spawn_file_actions_init(&actions_); }
  ~FileActions() { posix_spawn_file_actions_destroy(&actions_); }
  FileActions(const FileActions&) = delete;
  FileActions& operator=(const FileActions&) = delete;
  posix_spawn_file_actions_t* get() { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_{};
};

// A process group of its own, and signals as a program expects them.
class Attributes {
 public:
  Attributes() {
    posix_spawnattr_init(&attributes_);
    sigset_t none;
    sigemptyset(&none);
    sigset_t all;
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    posix_spawnattr_setpgroup(&attributes_, 0);
    posix_spawnattr_setflags(
        &attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  }
  ~Attributes() { posix_spawnattr_destroy(&attributes_); }
  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;
  const posix_spawnattr_t* get() const { return &attributes_; }

 private:
  posix_spawnattr_t attributes_{};
};

// For the exec calls, which want pointers to char.
std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> all;
  all.reserve(strings.size() + 1);
  for (std::string& text : strings) all.push_back(text.data());
  all.push_back(nullptr);
  return all;
}

std::vector<std::string> environment_of(const ChildCommand& command) {
  std::vector<std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const bool replaced = std::ranges::any_of(command.environment, [&](const auto& variable) {
      return text.starts_with(variable.first + "=");
    });
    if (!replaced) all.emplace_back(text);
  }
  for (const auto& [name, value] : command.environment)
    all.emplace_back(name).append("=").append(value);
  return all;
}

// A pipe that holds `input` and has no writer.
Result<int> input_pipe(const std::string& input) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return fail(ErrorCode::kIo, std::strerror(errno));
  const ssize_t written = write(ends[1], input.data(), input.size());
  close(ends[1]);
  if (written == static_cast<ssize_t>(input.size())) return ends[0];
  close(ends[0]);
  return fail(ErrorCode::kIo, "its input could not be written");
}

Result<pid_t> start(const ChildCommand& command) {
  std::vector<std::string> arguments = command.arguments;
  std::vector<std::string> environment = environment_of(command);
  QAIO_ASSIGN(const int input, input_pipe(command.input));
  FileActions files;
  posix_spawn_file_actions_adddup2(files.get(), input, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(files.get(), STDERR_FILENO, STDOUT_FILENO);
  posix_spawn_file_actions_addclosefrom_np(files.get(), STDERR_FILENO + 1);
  const Attributes attributes;
  pid_t child = 0;
  const int error = posix_spawnp(&child, arguments[0].c_str(), files.get(), attributes.get(),
                                 pointers(arguments).data(), pointers(environment).data());
  close(input);
  if (error != 0) return fail(ErrorCode::kIo, std::strerror(error));
  return child;
}

// Its wait status once it has ended, absent at `until` or if `stop` says so before.
std::optional<int> wait_until(pid_t child, SteadyTime until, const std::function<bool()>& stop) {
  for (;;) {
    int status = 0;
    if (waitpid(child, &status, WNOHANG) == child) return status;
    if (std::chrono::steady_clock::now() >= until || (stop && stop())) return std::nullopt;
    std::this_thread::sleep_for(kLook);
  }
}

// The whole group, so that what a script has started ends with it.
void terminate(pid_t child, std::chrono::milliseconds grace) {
  kill(-child, SIGTERM);
  const bool ended = wait_until(child, std::chrono::steady_clock::now() + grace, {}).has_value();
  kill(-child, SIGKILL);
  if (!ended) waitpid(child, nullptr, 0);
}

Result<void> ended_well(int status) {
  if (WIFEXITED(status)) {
    const int code = WEXITSTATUS(status);
    if (code == 0) return {};
    return fail(ErrorCode::kIo, fmt::format("it ended with exit code {}", code));
  }
  return fail(ErrorCode::kIo, fmt::format("it was ended by signal {}", WTERMSIG(status)));
}

}  // namespace

Result<void> run_child(const ChildCommand& command, const std::function<bool()>& stop) {
  if (command.input.size() > kChildInputMax) {
    return fail(ErrorCode::kIo, fmt::format("its input is above {} bytes", kChildInputMax));
  }
  QAIO_ASSIGN(const pid_t child, start(command));
  const SteadyTime until = std::chrono::steady_clock::now() + command.timeout;
  if (const auto status = wait_until(child, until, stop)) return ended_well(*status);
  const bool too_long = std::chrono::steady_clock::now() >= until;
  terminate(child, command.grace);
  if (!too_long) return fail(ErrorCode::kCancelled, "it was stopped");
  return fail(ErrorCode::kDeadlineExceeded,
              fmt::format("it took more than {:g} s and was stopped",
                          std::chrono::duration<double>(command.timeout).count()));
}

}  // namespace qaio
