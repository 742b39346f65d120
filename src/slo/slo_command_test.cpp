#include "slo/slo_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include "base/json.h"
#include "base/mutex.h"

namespace qaio {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class SloCommandTest : public testing::Test {
 public:
  ~SloCommandTest() override { std::filesystem::remove_all(folder_); }

 protected:
  SloCommandTest() {
    std::string pattern = testing::TempDir() + "qaio-command-XXXXXX";
    folder_ = mkdtemp(pattern.data());
    config_.name = "page";
  }

  std::unique_ptr<SloAction> action(const std::string& script) {
    config_.command = {"sh", "-c", script, folder_ + "/out"};
    return make_command(config_, {.instance = [] { return std::string("edge-1:8080"); },
                                  .clock = &clock_,
                                  .on_problem =
                                      [this](const std::string& problem) {
                                        const MutexLock lock(mutex_);
                                        problems_.push_back(problem);
                                      }});
  }
  SloStatus status(SloState state) {
    SloStatus status;
    status.state = state;
    status.value = 1500;
    status.threshold = 1000;
    status.samples = 30;
    status.starts_unix_ms = ++alerts_;
    return status;
  }
  std::vector<std::string> lines() const {
    std::ifstream file(folder_ + "/out");
    std::vector<std::string> all;
    for (std::string line; std::getline(file, line);) all.push_back(line);
    return all;
  }

  std::vector<std::string> problems() {
    const MutexLock lock(mutex_);
    return problems_;
  }

  FakeClock clock_;
  SloActionConfig config_;
  std::string folder_;
  int64_t alerts_ = 0;
  Mutex mutex_;
  std::vector<std::string> problems_ QAIO_GUARDED_BY(mutex_);
};

TEST_F(SloCommandTest, RunsForEachAlertInTurn) {
  auto command = action(
      "echo \"$QAIO_SLA_EVENT $QAIO_SLA_RULE $QAIO_SLA_VALUE$QAIO_SLA_UNIT\" >>$0; cat >>$0");
  command->changed(status(SloState::kPending));
  command->changed(status(SloState::kFiring));
  command->changed(status(SloState::kResolved));
  command->changed(status(SloState::kOk));
  command.reset();  // what waits is run before the end
  const auto said = lines();
  ASSERT_EQ(said.size(), 4u);
  EXPECT_EQ(said[0], "firing response-time-p95 1500ms");
  EXPECT_EQ(said[2], "resolved response-time-p95 1500ms");
  const auto body = parse_json(said[1], "input");
  ASSERT_TRUE(body) << body.error().message;
  EXPECT_EQ(body->at("event").as_string(), "firing");
  EXPECT_EQ(body->at("instance").as_string(), "edge-1:8080");
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1) << "no child is left";
  EXPECT_EQ(errno, ECHILD);
}

TEST_F(SloCommandTest, AFullQueueDropsAndNobodyWaits) {
  auto command = action("sleep 300");
  const auto before = std::chrono::steady_clock::now();
  for (int i = 0; i < 100; ++i) command->changed(status(SloState::kFiring));
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(60));
  EXPECT_GE(command->counts().dropped, 35u);
  EXPECT_LE(command->counts().dropped, 36u);  // one may run already
  command.reset();                            // the running one is stopped, the others do not run
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_THAT(problems().back(), HasSubstr("SLA action 'page': "));
}

TEST_F(SloCommandTest, FailuresAreCountedAndTold) {
  config_.timeout_ns = kSecondNs / 5;
  auto command = action("test \"$QAIO_SLA_EVENT\" = resolved && exit 3; sleep 300");
  command->changed(status(SloState::kFiring));
  command->changed(status(SloState::kResolved));
  while (command->counts().failed < 2) std::this_thread::yield();
  command.reset();
  EXPECT_THAT(problems(),
              ElementsAre("SLA action 'page': sh: it took more than 0.2 s and was stopped",
                          "SLA action 'page': sh: it ended with exit code 3"));
}

}  // namespace
}  // namespace qaio
