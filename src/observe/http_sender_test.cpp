#include "observe/http_sender.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <future>
#include <mutex>
#include <thread>

namespace qaio {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using Request = http::request<http::string_body>;

// Answers the posts of one connection after another with the given statuses, then with 200.
class Endpoint {
 public:
  struct Reply {
    int status = 200;
    int retry_after_s = 0;
    std::chrono::milliseconds delay{0};
    bool hang_up = false;  // instead of an answer
  };
  explicit Endpoint(std::vector<Reply> replies = {})
      : replies_(std::move(replies)), thread_([this] { serve(); }) {}
  ~Endpoint() {
    stopping_ = true;
    asio::ip::tcp::socket waker(context_);
    boost::system::error_code error;
    waker.connect(acceptor_.local_endpoint(), error);
    waker.close(error);
    thread_.join();
  }

  std::string url(std::string_view userinfo = "") const {
    return "http://" + std::string(userinfo) +
           "127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()) + "/hook";
  }
  std::vector<Request> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  std::vector<std::string> bodies() const {
    std::vector<std::string> bodies;
    for (const Request& request : requests()) bodies.push_back(request.body());
    return bodies;
  }

 private:
  void serve() {
    while (!stopping_) {
      asio::ip::tcp::socket socket = acceptor_.accept();
      boost::beast::flat_buffer buffer;
      boost::system::error_code error;
      while (!error && !stopping_) {
        Request request;
        http::read(socket, buffer, request, error);
        if (error) break;
        const Reply reply = next(std::move(request));
        std::this_thread::sleep_for(reply.delay);
        if (reply.hang_up) break;
        http::response<http::empty_body> response(
            http::int_to_status(static_cast<unsigned>(reply.status)), 11);
        if (reply.retry_after_s > 0) {
          response.set(http::field::retry_after, std::to_string(reply.retry_after_s));
        }
        response.prepare_payload();
        http::write(socket, response, error);
      }
    }
  }
  Reply next(Request request) {
    const std::lock_guard lock(mutex_);
    const size_t i = requests_.size();
    requests_.push_back(std::move(request));
    return i < replies_.size() ? replies_[i] : Reply{};
  }

  asio::io_context context_;
  asio::ip::tcp::acceptor acceptor_{context_, {asio::ip::address_v4::loopback(), 0}};
  const std::vector<Reply> replies_;
  std::atomic<bool> stopping_ = false;
  mutable std::mutex mutex_;
  std::vector<Request> requests_;  // guarded by mutex_
  std::thread thread_;
};

using Replies = std::vector<Endpoint::Reply>;

class HttpSenderTest : public testing::Test {
 protected:
  std::unique_ptr<HttpSender> sender(HttpSender::Options options) {
    options.on_problem = [this](const std::string& problem) {
      const std::lock_guard lock(mutex_);
      problems_.push_back(problem);
    };
    auto created = HttpSender::create(std::move(options));
    EXPECT_TRUE(created) << created.error().message;
    return std::move(*created);
  }
  static HttpSender::Options quick(const std::string& url) {
    HttpSender::Options options;
    options.url = url;
    options.attempts_max = 4;
    options.retry_delay = 5ms;
    return options;
  }
  // Until as many posts have come to an end as were taken.
  static HttpSendCounts settled(const HttpSender& sender, uint64_t posts) {
    for (;;) {
      const HttpSendCounts counts = sender.counts();
      if (counts.sent + counts.failed + counts.dropped >= posts) return counts;
      std::this_thread::sleep_for(1ms);
    }
  }
  std::vector<std::string> problems() {
    const std::lock_guard lock(mutex_);
    return problems_;
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> problems_;  // guarded by mutex_
};

TEST_F(HttpSenderTest, PostsInOrderWithHeaders) {
  Endpoint endpoint;
  HttpSender::Options options = quick(endpoint.url());
  options.headers = {{"Content-Type", "application/json"}};
  const auto out = sender(std::move(options));
  EXPECT_TRUE(out->send({.body = "one", .headers = {{"X-Number", "1"}}}));
  EXPECT_TRUE(out->send({.body = "two", .headers = {}}));
  EXPECT_EQ(settled(*out, 2).sent, 2u);
  EXPECT_THAT(endpoint.bodies(), ElementsAre("one", "two"));
  const Request first = endpoint.requests().front();
  EXPECT_EQ(first.method(), http::verb::post);
  EXPECT_EQ(first.target(), "/hook");
  EXPECT_EQ(first["Content-Type"], "application/json");
  EXPECT_EQ(first["X-Number"], "1");
  EXPECT_EQ(endpoint.requests().back()["X-Number"], "");
}

TEST_F(HttpSenderTest, TriesAgainWhatMayPass) {
  Endpoint endpoint(Replies{{.hang_up = true}, {.status = 503}, {.status = 429}});
  const auto out = sender(quick(endpoint.url()));
  out->send({.body = "one", .headers = {}});
  const HttpSendCounts counts = settled(*out, 1);
  EXPECT_EQ(counts.sent, 1u);
  EXPECT_EQ(counts.retried, 3u);
  EXPECT_THAT(endpoint.bodies(), ElementsAre("one", "one", "one", "one"));
  EXPECT_TRUE(problems().empty());
}

TEST_F(HttpSenderTest, GivesUpAndGoesOn) {
  Endpoint endpoint(Replies{{.status = 500}, {.status = 500}, {.status = 500}, {.status = 500}});
  const auto out = sender(quick(endpoint.url("me:secret@")));
  out->send({.body = "one", .headers = {}});
  out->send({.body = "two", .headers = {}});
  const HttpSendCounts counts = settled(*out, 2);
  EXPECT_EQ(counts.failed, 1u);
  EXPECT_EQ(counts.sent, 1u);
  ASSERT_EQ(problems().size(), 1u);
  EXPECT_THAT(problems()[0], HasSubstr("after 4 attempts: it answered 500"));
  EXPECT_THAT(problems()[0], Not(HasSubstr("secret")));
}

TEST_F(HttpSenderTest, DoesNotRepeatWhatIsRefused) {
  Endpoint endpoint(Replies{{.status = 400}});
  const auto out = sender(quick(endpoint.url()));
  out->send({.body = "one", .headers = {}});
  EXPECT_EQ(settled(*out, 1).failed, 1u);
  EXPECT_EQ(endpoint.requests().size(), 1u);
}

TEST_F(HttpSenderTest, HeedsRetryAfterUpToItsOwnLimit) {
  Endpoint endpoint(Replies{{.status = 503, .retry_after_s = 3600}});
  HttpSender::Options options = quick(endpoint.url());
  options.retry_delay_max = 200ms;
  const auto out = sender(std::move(options));
  const auto start = std::chrono::steady_clock::now();
  out->send({.body = "one", .headers = {}});
  EXPECT_EQ(settled(*out, 1).sent, 1u);
  EXPECT_GE(std::chrono::steady_clock::now() - start, 200ms);
}

TEST_F(HttpSenderTest, AFullQueueDropsAndSaysSoOnce) {
  Endpoint endpoint(Replies{{.delay = 300ms}});
  HttpSender::Options options = quick(endpoint.url());
  options.queue_posts_max = 2;
  options.queue_bytes_max = 10;
  const auto out = sender(std::move(options));
  EXPECT_FALSE(out->send({.body = "eleven bytes", .headers = {}}));
  EXPECT_TRUE(out->send({.body = "first", .headers = {}}));
  while (endpoint.requests().empty()) std::this_thread::sleep_for(1ms);
  EXPECT_TRUE(out->send({.body = "1", .headers = {}}));
  EXPECT_TRUE(out->send({.body = "2", .headers = {}}));
  EXPECT_FALSE(out->send({.body = "3", .headers = {}}));
  EXPECT_FALSE(out->send({.body = "4", .headers = {}}));
  const HttpSendCounts counts = settled(*out, 6);
  EXPECT_EQ(counts.sent, 3u);
  EXPECT_EQ(counts.dropped, 3u);
  EXPECT_EQ(problems().size(), 2u);  // two times it began to overflow
}

TEST_F(HttpSenderTest, TheEndWaitsForWhatIsQueuedButNotForever) {
  Endpoint endpoint(Replies{{}, {.delay = 400ms}});
  HttpSender::Options options = quick(endpoint.url());
  options.drain_time = 100ms;
  auto out = sender(std::move(options));
  for (const char* body : {"one", "two", "three"}) out->send({.body = body, .headers = {}});
  const auto start = std::chrono::steady_clock::now();
  out.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - start, 390ms);
  EXPECT_EQ(endpoint.bodies().front(), "one");
  ASSERT_EQ(problems().size(), 2u);
  EXPECT_THAT(problems()[0], HasSubstr("given up"));
  EXPECT_THAT(problems()[1], HasSubstr("1 not sent"));
}

TEST_F(HttpSenderTest, NobodyThere) {
  HttpSender::Options options = quick("http://127.0.0.1:1/");
  options.attempts_max = 2;
  const auto out = sender(std::move(options));
  out->send({.body = "one", .headers = {}});
  EXPECT_EQ(settled(*out, 1).failed, 1u);
  EXPECT_THAT(problems().at(0), HasSubstr("127.0.0.1:1"));
}

TEST_F(HttpSenderTest, RefusesWhatIsNoUrl) {
  for (const char* url : {"", "nonsense", "ftp://host/", "http://", "file:///etc/passwd"}) {
    HttpSender::Options options;
    options.url = url;
    const auto created = HttpSender::create(std::move(options));
    ASSERT_FALSE(created) << url;
    EXPECT_EQ(created.error().code, ErrorCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace qaio
