#include "net/http_sender.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <future>
#include <map>
#include <thread>

#include "base/mutex.h"

namespace qaio {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

struct Request {
  std::string line;  // "POST /hook HTTP/1.1"
  std::map<std::string, std::string> headers;
  std::string body;

  std::string header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? "" : found->second;
  }
};

// Throws boost::system::system_error when the connection ends.
Request read_request(asio::ip::tcp::socket& socket) {
  std::string bytes;
  const size_t head = asio::read_until(socket, asio::dynamic_buffer(bytes), "\r\n\r\n");
  Request request;
  size_t end = bytes.find("\r\n");
  request.line = bytes.substr(0, end);
  for (size_t begin = end + 2; begin + 2 < head; begin = end + 2) {
    end = bytes.find("\r\n", begin);
    const size_t colon = bytes.find(": ", begin);
    request.headers[bytes.substr(begin, colon - begin)] = bytes.substr(colon + 2, end - colon - 2);
  }
  request.body = bytes.substr(head);
  const size_t length = std::stoul(request.header("Content-Length"));
  const size_t have = request.body.size();
  request.body.resize(length);
  asio::read(socket, asio::buffer(request.body.data() + have, length - have));
  return request;
}

// Answers the posts of one connection after another with the given statuses, then with 200.
class Endpoint {
 public:
  struct Reply {
    int status = 200;
    int retry_after_s = 0;
    bool held = false;     // until release()
    bool hang_up = false;  // instead of an answer
    std::string body = {};
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
  void release() { released_.set_value(); }
  std::vector<Request> requests() const {
    const MutexLock lock(mutex_);
    return requests_;
  }
  std::vector<std::string> bodies() const {
    std::vector<std::string> bodies;
    for (const Request& request : requests()) bodies.push_back(request.body);
    return bodies;
  }

 private:
  void serve() {
    while (!stopping_) {
      asio::ip::tcp::socket socket = acceptor_.accept();
      try {
        while (!stopping_ && answer(socket)) {
        }
      } catch (const boost::system::system_error&) {  // the client has gone
      }
    }
  }
  // False: nothing more on this connection.
  bool answer(asio::ip::tcp::socket& socket) {
    const Reply reply = next(read_request(socket));
    if (reply.held) released_.get_future().wait();
    if (reply.hang_up) return false;
    std::string text = "HTTP/1.1 " + std::to_string(reply.status) + " Scripted\r\n";
    if (reply.retry_after_s > 0)
      text += "Retry-After: " + std::to_string(reply.retry_after_s) + "\r\n";
    text += "Content-Length: " + std::to_string(reply.body.size()) + "\r\n\r\n" + reply.body;
    asio::write(socket, asio::buffer(text));
    return true;
  }
  Reply next(Request request) {
    const MutexLock lock(mutex_);
    const size_t i = requests_.size();
    requests_.push_back(std::move(request));
    return i < replies_.size() ? replies_[i] : Reply{};
  }

  asio::io_context context_;
  asio::ip::tcp::acceptor acceptor_{context_, {asio::ip::address_v4::loopback(), 0}};
  const std::vector<Reply> replies_;
  std::atomic<bool> stopping_ = false;
  std::promise<void> released_;
  mutable Mutex mutex_;
  std::vector<Request> requests_ QAIO_GUARDED_BY(mutex_);
  std::thread thread_;
};

using Replies = std::vector<Endpoint::Reply>;

class HttpSenderTest : public testing::Test {
 protected:
  std::unique_ptr<HttpSender> sender(HttpSender::Options options) {
    options.on_problem = [this](const std::string& problem) {
      const MutexLock lock(mutex_);
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
    const MutexLock lock(mutex_);
    return problems_;
  }

 private:
  Mutex mutex_;
  std::vector<std::string> problems_ QAIO_GUARDED_BY(mutex_);
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
  EXPECT_EQ(first.line, "POST /hook HTTP/1.1");
  EXPECT_EQ(first.header("Content-Type"), "application/json");
  EXPECT_EQ(first.header("X-Number"), "1");
  EXPECT_EQ(endpoint.requests().back().header("X-Number"), "");
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
  Endpoint endpoint(Replies{{.held = true}});
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
  endpoint.release();
  const HttpSendCounts counts = settled(*out, 6);
  EXPECT_EQ(counts.sent, 3u);
  EXPECT_EQ(counts.dropped, 3u);
  EXPECT_EQ(problems().size(), 2u);  // two times it began to overflow
}

TEST_F(HttpSenderTest, TheEndWaitsForWhatIsQueued) {
  Endpoint endpoint;
  HttpSender::Options options = quick(endpoint.url());
  options.drain_time = 60s;
  auto out = sender(std::move(options));
  for (const char* body : {"one", "two", "three"}) out->send({.body = body, .headers = {}});
  out.reset();
  EXPECT_THAT(endpoint.bodies(), ElementsAre("one", "two", "three"));
}

TEST_F(HttpSenderTest, TheEndDoesNotWaitForever) {
  Endpoint endpoint(Replies{{}, {.held = true}});
  HttpSender::Options options = quick(endpoint.url());
  options.drain_time = 100ms;
  auto out = sender(std::move(options));
  for (const char* body : {"one", "two", "three"}) out->send({.body = body, .headers = {}});
  while (endpoint.requests().size() < 2) std::this_thread::sleep_for(1ms);
  out.reset();
  endpoint.release();
  EXPECT_EQ(endpoint.bodies().front(), "one");
  ASSERT_EQ(problems().size(), 2u);
  EXPECT_THAT(problems()[0], HasSubstr("given up"));
  EXPECT_THAT(problems()[1], HasSubstr("1 not sent"));
}

TEST_F(HttpSenderTest, SeveralEndInTheTimeOfOne) {
  constexpr int kSenders = 20;
  std::vector<std::unique_ptr<HttpSender>> senders;
  for (int i = 0; i < kSenders; ++i) {
    HttpSender::Options options = quick("http://127.0.0.1:1/");
    options.retry_delay = 10s;
    options.drain_time = 300ms;
    senders.push_back(sender(std::move(options)));
    senders.back()->send({.body = "one", .headers = {}});
  }
  const auto start = std::chrono::steady_clock::now();
  for (const auto& one : senders) one->begin_stop();
  EXPECT_FALSE(senders[0]->send({.body = "late", .headers = {}}));
  senders.clear();
  EXPECT_LT(std::chrono::steady_clock::now() - start, kSenders * 300ms);
}

TEST_F(HttpSenderTest, TheFirstFailedAttemptIsToldAtOnce) {
  std::promise<std::string> told;  // once
  HttpSender::Options options = quick("http://me:secret@127.0.0.1:1/");
  options.retry_delay = 10s;
  options.drain_time = 0ms;
  options.on_retry = [&](const std::string& problem) { told.set_value(problem); };
  const auto out = sender(std::move(options));
  out->send({.body = "one", .headers = {}});
  const std::string problem = told.get_future().get();
  EXPECT_THAT(problem, HasSubstr("http://127.0.0.1:1/"));
  EXPECT_THAT(problem, HasSubstr("trying again"));
}

TEST_F(HttpSenderTest, FailingIsToldOnceUntilItWorks) {
  Endpoint endpoint(Replies{{.status = 503}, {.status = 503}, {}, {.status = 503}});
  std::atomic<int> told = 0;
  HttpSender::Options options = quick(endpoint.url());
  options.on_retry = [&](const std::string&) { ++told; };
  const auto out = sender(std::move(options));
  out->send({.body = "one", .headers = {}});
  settled(*out, 1);
  EXPECT_EQ(told, 1);
  out->send({.body = "two", .headers = {}});
  settled(*out, 2);
  EXPECT_EQ(told, 2);
}

TEST_F(HttpSenderTest, NobodyThere) {
  HttpSender::Options options = quick("http://127.0.0.1:1/");
  options.attempts_max = 2;
  const auto out = sender(std::move(options));
  out->send({.body = "one", .headers = {}});
  EXPECT_EQ(settled(*out, 1).failed, 1u);
  EXPECT_THAT(problems().at(0), HasSubstr("127.0.0.1:1"));
}

TEST_F(HttpSenderTest, EveryPostHearsOfItsEnd) {
  using Outcome = HttpSendResult::Outcome;
  const std::string long_answer(100'000, 'x');
  Endpoint endpoint(Replies{{.body = "taken"}, {.status = 400}, {.body = long_answer}});
  std::vector<HttpSendResult> results;  // by the sender's thread alone, but for the last
  const auto note = [&](const HttpSendResult& result) { results.push_back(result); };
  {
    HttpSender::Options options = quick(endpoint.url());
    options.queue_bytes_max = 10;
    const auto out = sender(std::move(options));
    for (uint64_t i = 1; i <= 3; ++i) {
      EXPECT_TRUE(out->send({.body = "post", .headers = {}, .on_end = note}));
      settled(*out, i);
    }
  }
  ASSERT_EQ(results.size(), 3u);
  EXPECT_EQ(results[0].outcome, Outcome::kSent);
  EXPECT_EQ(results[0].answer, "taken");
  EXPECT_EQ(results[1].outcome, Outcome::kFailed);
  EXPECT_EQ(results[1].answer, "");
  EXPECT_EQ(results[2].answer.size(), size_t{64} << 10) << "its beginning only";

  HttpSender::Options options = quick(endpoint.url());
  options.queue_bytes_max = 10;
  const auto out = sender(std::move(options));
  EXPECT_FALSE(out->send({.body = "eleven bytes", .headers = {}, .on_end = note}));
  EXPECT_EQ(results.back().outcome, Outcome::kDropped);
}

// They would wait for themselves if the sender held its lock: what hears of a post's end may send
// another, as an exporter does with what it had collected.
TEST_F(HttpSenderTest, WhatHearsOfTheEndMayCallTheSender) {
  HttpSender::Options options = quick("http://127.0.0.1:1/");
  options.retry_delay = 10s;
  options.drain_time = 0ms;
  HttpSender* sender = nullptr;
  std::promise<void> tried;  // the first post, so that the others wait behind it
  options.on_retry = [&](const std::string&) { tried.set_value(); };
  std::vector<std::string> told;  // by the sender's thread alone
  options.on_problem = [&](const std::string& problem) {
    sender->begin_stop();
    told.push_back(problem);
  };
  auto created = HttpSender::create(std::move(options));
  ASSERT_TRUE(created) << created.error().message;
  sender = created->get();
  sender->send({.body = "one", .headers = {}});
  tried.get_future().wait();
  int ended = 0;
  const auto send_another = [&](const HttpSendResult& result) {
    EXPECT_EQ(result.outcome, HttpSendResult::Outcome::kDropped);
    EXPECT_FALSE(sender->send({.body = "late", .headers = {}}));
    ++ended;
  };
  sender->send({.body = "two", .headers = {}, .on_end = send_another});
  sender->send({.body = "three", .headers = {}, .on_end = send_another});
  sender->begin_stop();
  created->reset();
  EXPECT_EQ(ended, 2);
  EXPECT_THAT(told, ElementsAre(HasSubstr("given up"), HasSubstr("takes less than is to be sent"),
                                HasSubstr("2 not sent")));
}

TEST_F(HttpSenderTest, TheCallerMaySayWhatIsTriedAgain) {
  Endpoint endpoint(Replies{{.status = 500}, {.status = 503}, {.status = 200}});
  HttpSender::Options options = quick(endpoint.url());
  options.retries = [](int status) { return status == 503; };
  const auto out = sender(std::move(options));
  out->send({.body = "one", .headers = {}});
  out->send({.body = "two", .headers = {}});
  const HttpSendCounts counts = settled(*out, 2);
  EXPECT_EQ(counts.failed, 1u);
  EXPECT_EQ(counts.sent, 1u);
  EXPECT_EQ(counts.retried, 1u);
  EXPECT_THAT(endpoint.bodies(), ElementsAre("one", "two", "two"));
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
