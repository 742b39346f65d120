#include "server/http/client_stream.h"

#include <gmock/gmock.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <csignal>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "server/http/certificate_for_test.h"
#include "server/http/tls_context.h"

namespace qaio {
namespace {

namespace net = boost::asio;
constexpr auto kAwait = net::as_tuple(net::use_awaitable);

// A client that waits in its socket, on the other end of a pair.
class TlsClient {
 public:
  explicit TlsClient(int socket, int version = TLS1_3_VERSION)
      : socket_(socket), context_(SSL_CTX_new(TLS_client_method())) {
    std::signal(SIGPIPE, SIG_IGN);  // which OpenSSL raises where the server has left
    SSL_CTX_set_min_proto_version(context_, version);
    SSL_CTX_set_max_proto_version(context_, version);
    session_ = SSL_new(context_);
    SSL_set_fd(session_, socket_);
  }
  ~TlsClient() {
    SSL_free(session_);
    SSL_CTX_free(context_);
    if (socket_ >= 0) ::close(socket_);
  }
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;

  bool connect() { return SSL_connect(session_) == 1; }
  bool send(std::string_view text) {
    return SSL_write(session_, text.data(), static_cast<int>(text.size())) ==
           static_cast<int>(text.size());
  }
  // What comes until the server says farewell; "cut off" if it does not.
  std::string receive_all() {
    std::string all;
    for (;;) {
      char bytes[4096];
      const int count = SSL_read(session_, bytes, sizeof(bytes));
      if (count > 0) {
        all.append(bytes, static_cast<size_t>(count));
      } else {
        return SSL_get_error(session_, count) == SSL_ERROR_ZERO_RETURN ? all : "cut off";
      }
    }
  }
  void say_farewell() { SSL_shutdown(session_); }
  void update_keys() { SSL_key_update(session_, SSL_KEY_UPDATE_REQUESTED); }

 private:
  int socket_;
  SSL_CTX* context_;
  SSL* session_;
};

class ClientStreamTest : public testing::TestWithParam<int> {
 protected:
  ClientStreamTest() {
    int ends[2] = {-1, -1};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    ConnectionSocket socket(net::make_strand(io_), net::generic::stream_protocol(AF_UNIX, 0),
                            ends[0]);
    stream_ = std::make_unique<ClientStream>(std::move(socket));
    client_end_ = ends[1];
    auto context = TlsContext::load(write_certificate("stream"), SteadyClock::instance());
    EXPECT_TRUE(context) << context.error().message;
    context_ = std::move(*context);
  }

  // Both sides to their ends.
  void run(const std::function<net::awaitable<void>()>& server,
           const std::function<void(TlsClient&)>& client) {
    net::co_spawn(stream_->get_executor(), server, net::detached);
    std::thread other([&] {
      TlsClient tls(client_end_, GetParam());
      client(tls);
    });
    io_.run();
    other.join();
  }
  net::awaitable<bool> handshake() {
    co_return co_await stream_->begin_tls(*context_) == ClientStream::Handshake::kDone;
  }

  net::io_context io_;
  std::unique_ptr<ClientStream> stream_;
  std::unique_ptr<TlsContext> context_;
  int client_end_ = -1;
};

std::string long_text(size_t size) {
  std::string text;
  while (text.size() < size) text += std::to_string(text.size()) + ",";
  return text;
}

// As connections read ahead while they answer, and stop that for the next request.
TEST_P(ClientStreamTest, AReadThatIsCancelledLosesNothing) {
  const std::string sent = long_text(200'000);
  std::string received;
  std::atomic<int> cancelled = 0;
  run(
      [&]() -> net::awaitable<void> {
        EXPECT_TRUE(co_await handshake());
        for (;;) {
          std::vector<char> bytes(1 + received.size() % 3000);
          bool done = false;
          ClientStream::Error error;
          size_t count = 0;
          stream_->async_read_some(net::buffer(bytes),
                                   [&](const ClientStream::Error& ec, size_t got) {
                                     done = true;
                                     error = ec;
                                     count = got;
                                   });
          while (!done) {
            // once each time at another point of the client's progress
            co_await net::post(stream_->get_executor(), net::use_awaitable);
            stream_->cancel();
          }
          received.append(bytes.data(), count);
          if (error == net::error::operation_aborted) {
            ++cancelled;
          } else if (error) {
            EXPECT_EQ(error, net::error::eof);
            break;
          }
        }
        stream_->close();
      },
      [&](TlsClient& client) {
        EXPECT_TRUE(client.connect());
        while (cancelled < 3) std::this_thread::yield();
        for (size_t at = 0; at < sent.size(); at += 997) {
          EXPECT_TRUE(client.send(std::string_view(sent).substr(at, 997)));
          if (at % (997 * 16) == 0 && GetParam() == TLS1_3_VERSION) client.update_keys();
        }
        client.say_farewell();
        client.receive_all();
      });
  EXPECT_EQ(received, sent);
  EXPECT_GT(cancelled, 0);
}

TEST_P(ClientStreamTest, ReadsWhileItWritesAndEndsWithAFarewell) {
  const std::string question = long_text(100'000);
  const std::string head = "head,";
  const std::string answer = long_text(3'000'000);
  std::string received;
  std::string answered;
  run(
      [&]() -> net::awaitable<void> {
        EXPECT_TRUE(co_await handshake());
        std::vector<char> bytes(5000);
        std::function<void()> read = [&] {
          stream_->async_read_some(net::buffer(bytes),
                                   [&](const ClientStream::Error& ec, size_t count) {
                                     received.append(bytes.data(), count);
                                     if (!ec && received.size() < question.size()) read();
                                   });
        };
        read();
        const std::array<net::const_buffer, 3> buffers = {net::buffer(head), net::const_buffer(),
                                                          net::buffer(answer)};
        auto [ec, count] = co_await net::async_write(*stream_, buffers, kAwait);
        EXPECT_FALSE(ec);
        EXPECT_EQ(count, head.size() + answer.size());
        while (received.size() < question.size()) {
          co_await net::post(stream_->get_executor(), net::use_awaitable);
        }
        stream_->close();
      },
      [&](TlsClient& client) {
        EXPECT_TRUE(client.connect());
        EXPECT_TRUE(client.send(question));
        answered = client.receive_all();
      });
  EXPECT_EQ(received, question);
  EXPECT_EQ(answered, head + answer);
}

TEST_P(ClientStreamTest, AWriteThatNobodyReadsCanBeCancelled) {
  const std::string answer(10 << 20, 'x');
  run(
      [&]() -> net::awaitable<void> {
        EXPECT_TRUE(co_await handshake());
        char asked = 0;
        co_await net::async_read(*stream_, net::buffer(&asked, 1), net::use_awaitable);
        bool done = false;
        ClientStream::Error error;
        net::async_write(*stream_, net::buffer(answer), [&](const ClientStream::Error& ec, size_t) {
          done = true;
          error = ec;
        });
        for (int i = 0; i < 10'000; ++i) {
          co_await net::post(stream_->get_executor(), net::use_awaitable);
        }
        EXPECT_FALSE(done);
        while (!done) {
          stream_->cancel();
          co_await net::post(stream_->get_executor(), net::use_awaitable);
        }
        EXPECT_EQ(error, net::error::operation_aborted);
        stream_->close();
      },
      [&](TlsClient& client) {
        EXPECT_TRUE(client.connect());
        EXPECT_TRUE(client.send("?"));
        char end = 0;  // not by TLS: it reads nothing of the answer until the server is gone
        while (::recv(client_end_, &end, 1, MSG_PEEK) > 0) {
          pollfd gone{.fd = client_end_, .events = POLLRDHUP, .revents = 0};
          if (::poll(&gone, 1, 10) > 0 && (gone.revents & (POLLRDHUP | POLLHUP)) != 0) break;
        }
        EXPECT_EQ(client.receive_all(), "cut off");
      });
}

TEST_P(ClientStreamTest, PlainHttpIsRecognizedAndCanBeRead) {
  std::string received;
  ClientStream::Handshake outcome = ClientStream::Handshake::kDone;
  run(
      [&]() -> net::awaitable<void> {
        outcome = co_await stream_->begin_tls(*context_);
        std::vector<char> bytes(100);
        auto [ec, count] = co_await stream_->async_read_some(net::buffer(bytes), kAwait);
        received.assign(bytes.data(), count);
        stream_->close();
      },
      [&](TlsClient&) { EXPECT_EQ(::send(client_end_, "GET / HTTP/1.1\r\n", 16, 0), 16); });
  EXPECT_EQ(outcome, ClientStream::Handshake::kPlainHttp);
  EXPECT_EQ(received, "GET / HTTP/1.1\r\n");
}

TEST_P(ClientStreamTest, AClientThatLeavesMidwayFails) {
  ClientStream::Handshake outcome = ClientStream::Handshake::kDone;
  run([&]() -> net::awaitable<void> { outcome = co_await stream_->begin_tls(*context_); },
      [&](TlsClient&) {
        EXPECT_EQ(::send(client_end_, "\x16\x03\x01\x02", 4, 0), 4);
        ::shutdown(client_end_, SHUT_WR);
      });
  EXPECT_EQ(outcome, ClientStream::Handshake::kFailed);
}

INSTANTIATE_TEST_SUITE_P(Versions, ClientStreamTest,
                         testing::Values(TLS1_2_VERSION, TLS1_3_VERSION));

}  // namespace
}  // namespace qaio
