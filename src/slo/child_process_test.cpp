#include "slo/child_process.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace qaio {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class ChildProcessTest : public testing::Test {
 public:
  ~ChildProcessTest() override { std::filesystem::remove_all(folder_); }

 protected:
  ChildProcessTest() {
    std::string pattern = testing::TempDir() + "qaio-child-XXXXXX";
    folder_ = mkdtemp(pattern.data());
  }

  std::string path(const std::string& name) const { return folder_ + "/" + name; }
  std::string read(const std::string& name) const {
    std::ifstream file(path(name));
    return {std::istreambuf_iterator<char>(file), {}};
  }
  // `$0` is the file `out`.
  ChildCommand shell(const std::string& script) const {
    ChildCommand command;
    command.arguments = {"sh", "-c", script, path("out")};
    return command;
  }

  std::string folder_;
};

TEST_F(ChildProcessTest, GetsItsArgumentsEnvironmentAndInput) {
  setenv("QAIO_TEST_KEPT", "kept", 1);
  setenv("QAIO_TEST_REPLACED", "old", 1);
  ChildCommand command = shell(
      "echo \"$1|$QAIO_TEST_KEPT|$QAIO_TEST_REPLACED|$(env | grep -c QAIO_TEST_REPLACED)\" >$0; "
      "cat >>$0");
  command.arguments.emplace_back("a b; echo c");  // no shell reads it
  command.environment = {{"QAIO_TEST_REPLACED", "new"}};
  command.input = "{\"a\": 1}\n";
  const auto ran = run_child(command, {});
  ASSERT_TRUE(ran) << ran.error().message;
  EXPECT_EQ(read("out"), "a b; echo c|kept|new|1\n{\"a\": 1}\n");
}

TEST_F(ChildProcessTest, SaysHowItEnded) {
  const auto code = run_child(shell("exit 7"), {});
  ASSERT_FALSE(code);
  EXPECT_EQ(code.error().message, "it ended with exit code 7");
  const auto killed = run_child(shell("kill -9 $$"), {});
  ASSERT_FALSE(killed);
  EXPECT_EQ(killed.error().message, "it was ended by signal 9");
  ChildCommand none;
  none.arguments = {path("missing")};
  const auto missing = run_child(none, {});
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().message, HasSubstr("No such file"));
}

TEST_F(ChildProcessTest, ReadsNothingOfItsInputIfItLikes) {
  ChildCommand command = shell("exit 0");
  command.input.assign(kChildInputMax, 'x');
  EXPECT_TRUE(run_child(command, {}));
  command.input += 'x';
  EXPECT_FALSE(run_child(command, {}));
}

// The script and what it started, also if they do not mind SIGTERM.
TEST_F(ChildProcessTest, EndsWithItsGroupWhenTheTimeIsOver) {
  ChildCommand command = shell("trap '' TERM; sleep 300 & echo $! >$0; wait; wait");
  command.timeout = 300ms;
  command.grace = 50ms;
  const auto ran = run_child(command, {});
  ASSERT_FALSE(ran);
  EXPECT_EQ(ran.error().code, ErrorCode::kDeadlineExceeded);
  const int grandchild = std::stoi(read("out"));
  // It is nobody's child here, so init reaps it, soon.
  for (int i = 0; i < 200 && kill(grandchild, 0) == 0; ++i) {
    std::ifstream stat("/proc/" + std::to_string(grandchild) + "/stat");
    std::string text{std::istreambuf_iterator<char>(stat), {}};
    if (text.find(") Z ") != std::string::npos) break;
    usleep(10'000);
  }
  std::ifstream stat("/proc/" + std::to_string(grandchild) + "/stat");
  const std::string text{std::istreambuf_iterator<char>(stat), {}};
  EXPECT_TRUE(text.empty() || text.find(") Z ") != std::string::npos) << text;
}

TEST_F(ChildProcessTest, IsStoppedOnRequest) {
  int asked = 0;
  const auto ran = run_child(shell("sleep 300"), [&] { return ++asked > 3; });
  ASSERT_FALSE(ran);
  EXPECT_EQ(ran.error().code, ErrorCode::kCancelled);
}

// What the server holds open, sockets of clients for instance, stays its own.
TEST_F(ChildProcessTest, InheritsNoFile) {
  const int open_file = fcntl(STDERR_FILENO, F_DUPFD, 100);  // none that ls takes for itself
  ASSERT_GE(open_file, 100);
  ASSERT_TRUE(run_child(shell("ls /proc/self/fd >$0"), {}));
  close(open_file);
  const std::string held = read("out");
  EXPECT_EQ(held.find("\n" + std::to_string(open_file) + "\n"), std::string::npos) << held;
}

TEST_F(ChildProcessTest, SignalsAreAsProgramsExpectThem) {
  sigset_t term;
  sigemptyset(&term);
  sigaddset(&term, SIGTERM);
  sigset_t before;
  pthread_sigmask(SIG_BLOCK, &term, &before);
  const auto ran = run_child(shell("kill -TERM $$; exit 0"), {});
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  ASSERT_FALSE(ran);
  EXPECT_EQ(ran.error().message, "it was ended by signal 15");
}

}  // namespace
}  // namespace qaio
