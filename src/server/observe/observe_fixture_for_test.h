// For tests: the server with all that observes it.
#pragma once

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "server/api/server_fixture_for_test.h"
#include "server/observe/observe_api.h"

namespace qaio {

class ObserveFixture : public ServerFixture {
 protected:
  static constexpr size_t kKept = 5;

  // Before start_observed(): what memory no longer holds is found in an archive.
  void keep_archive() {
    folder_ = (std::filesystem::temp_directory_path() / "qaio-observe-XXXXXX").string();
    ASSERT_NE(mkdtemp(folder_.data()), nullptr);
    SqliteArchiveOptions options;
    options.path = folder_ + "/archive.db";
    auto archive = SqliteArchive::open(
        options, state_.run,
        [this](ArchiveEvent, const std::string& text) {
          const MutexLock lock(mutex_);
          archive_said_.push_back(text);
        },
        clock_);
    ASSERT_TRUE(archive) << archive.error().message;
    archive_ = std::move(*archive);
  }
  void start_observed(std::chrono::microseconds step = {}) {
    clients_ = std::make_unique<ClientReports>(
        ClientReports::Options{.wait = client_wait_}, recent_,
        [this](const RecordPtr& record) { observer_->amend(record); }, clock_);
    std::vector<RecordConsumer*> consumers = {&recent_,  clients_.get(), &stats_,      &live_,
                                              &metrics_, &slo_,          &live_events_};
    if (archive_) {
      ConsumerThread::Options options;
      options.interval = std::chrono::hours(1);
      archive_thread_ = std::make_unique<ConsumerThread>(std::move(options), *archive_);
      consumers.push_back(archive_thread_.get());
    }
    // Its own time would be the default's, but nobody waits for it in these tests.
    observer_ = std::make_unique<Observer>(Observer::Options{.interval = observer_interval_},
                                           std::move(consumers));
    Router router;
    add_api(router, slot_, limits_);
    add_observe_api(router, {.observer = observer_.get(),
                             .recent = &recent_,
                             .clients = clients_.get(),
                             .stats = &stats_,
                             .live = &live_,
                             .live_events = &live_events_,
                             .metrics = &metrics_,
                             .slo = &slo_,
                             .state = [this] { return state_; },
                             .steps =
                                 [this](TimeNs from_ns, TimeNs until_ns) {
                                   return engine_->steps().between(from_ns, until_ns);
                                 },
                             .reports = &reports_,
                             .searches = &searches_,
                             .archive = archive_.get(),
                             .archive_thread = archive_thread_.get()});
    if (add_routes_) add_routes_(router);
    auto server = Server::start(
        options_, std::move(router),
        [this](RequestRecord record) { observer_->push(std::move(record)); }, clock_);
    ASSERT_TRUE(server) << server.error().message;
    server_ = std::move(*server);
    load("some words", step);
    client_ = std::make_unique<TestClient>(server_->port());
  }
  void TearDown() override {
    ServerFixture::TearDown();
    reports_.stop();
    searches_.stop();
    observer_.reset();
    archive_thread_.reset();
    archive_.reset();
    EXPECT_THAT(archive_said(), testing::IsEmpty());
    if (!folder_.empty()) std::filesystem::remove_all(folder_);
  }

  // All on one connection: what it asked for before is recorded when it asks next.
  ClientResponse chat(std::string_view tasks = R"(["sentiment","chat"])") {
    return client_->post("/chat", fmt::format(R"({{"input":"hello","tasks":{}}})", tasks));
  }
  boost::json::object get(std::string_view path) {
    const ClientResponse response = client_->get(path);
    EXPECT_EQ(response.status, 200) << response.body;
    return response.json();
  }
  boost::json::array list(std::string_view query = "") {
    return get("/requests" + std::string(query)).at("requests").as_array();
  }
  void expect_refused(std::string_view path, int status, std::string_view field,
                      std::string_view message) {
    const ClientResponse response = client_->get(path);
    EXPECT_EQ(response.status, status) << path;
    EXPECT_EQ(response.error("field"), field) << path;
    EXPECT_THAT(response.error("message"), testing::HasSubstr(std::string(message))) << path;
  }
  // What the archive has told the log since the last call.
  std::vector<std::string> archive_said() {
    const MutexLock lock(mutex_);
    return std::exchange(archive_said_, {});
  }
  // No reader understands it from now on, though it can be written.
  void make_archive_unreadable() {
    ASSERT_TRUE(Database::open(archive_->path(), Database::Mode::kReadWrite)
                    ->execute("PRAGMA user_version = 99"));
  }
  static double number(const boost::json::value& value) { return value.to_number<double>(); }

  std::function<void(Router&)> add_routes_;  // of a test, before start_observed()
  std::chrono::milliseconds observer_interval_ = std::chrono::hours(1);  // before start_observed()
  std::chrono::milliseconds client_wait_{20};                            // likewise
  std::string folder_;
  Mutex mutex_;
  std::vector<std::string> archive_said_ QAIO_GUARDED_BY(mutex_);
  RecentRecords recent_{kKept};
  std::unique_ptr<ClientReports> clients_;
  LiveStats stats_{clock_};
  FakeClock live_clock_;  // a test advances it
  LiveSeries live_{live_clock_};
  PrometheusMetrics metrics_;
  SloMonitor slo_{{SloRule()}, {}, clock_};
  ServerState state_;
  LiveEvents live_events_{live_, slo_, live_clock_, [this] { return state_; }};
  std::unique_ptr<SqliteArchive> archive_;
  std::unique_ptr<ConsumerThread> archive_thread_;
  WorkerThread reports_{1};
  WorkerThread searches_{8};
  std::unique_ptr<Observer> observer_;
  std::unique_ptr<TestClient> client_;
};

}  // namespace qaio
