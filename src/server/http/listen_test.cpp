#include "server/http/listen.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

namespace qaio {
namespace {

namespace net = boost::asio;
using net::ip::tcp;
using testing::AllOf;
using testing::HasSubstr;

class ListenTest : public testing::Test {
 protected:
  static tcp::endpoint at(const char* address, uint16_t port = 0) {
    return {net::ip::make_address(address), port};
  }
  Result<std::vector<Acceptor>> listen(const Endpoints& endpoints) {
    return listen_on(ConnectionExecutor(io_.get_executor()), endpoints);
  }
  bool answers(const tcp::endpoint& endpoint) {
    tcp::socket socket(io_);
    boost::system::error_code ec;
    socket.connect(endpoint, ec);
    return !ec;
  }

  net::io_context io_;
};

TEST_F(ListenTest, EveryAddressOnTheSamePort) {
  const auto acceptors = listen({at("127.0.0.1"), at("127.0.0.2"), at("127.0.0.3")});
  ASSERT_TRUE(acceptors) << acceptors.error().message;
  ASSERT_EQ(acceptors->size(), 3U);
  const uint16_t port = acceptors->front().local_endpoint().port();
  EXPECT_NE(port, 0);
  for (const char* address : {"127.0.0.1", "127.0.0.2", "127.0.0.3"}) {
    EXPECT_TRUE(answers(at(address, port))) << address;
  }
  EXPECT_FALSE(answers(at("127.0.0.4", port)));
}

TEST_F(ListenTest, AnAddressThatTheMachineLacksDoesNotMatterBesideAnother) {
  // Of a documentation network, which no machine has.
  const auto acceptors = listen({at("192.0.2.1"), at("2001:db8::1"), at("127.0.0.1")});
  ASSERT_TRUE(acceptors) << acceptors.error().message;
  EXPECT_EQ(acceptors->size(), 1U);
  const auto none = listen({at("192.0.2.1"), at("2001:db8::1")});
  ASSERT_FALSE(none);
  EXPECT_THAT(none.error().message, AllOf(HasSubstr("192.0.2.1:0"), HasSubstr("--host")));
}

TEST_F(ListenTest, ABusyPortOnOneOfThemIsAnErrorThatNamesIt) {
  const auto busy = listen({at("127.0.0.2")});
  ASSERT_TRUE(busy);
  const uint16_t port = busy->front().local_endpoint().port();
  const auto refused = listen({at("127.0.0.1", port), at("127.0.0.2", port)});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message,
              AllOf(HasSubstr("127.0.0.2:" + std::to_string(port)), HasSubstr("--port")));
  EXPECT_FALSE(answers(at("127.0.0.1", port))) << "the others are let go";
}

// Otherwise the wildcard of IPv6 would take the port of IPv4's.
TEST_F(ListenTest, BothWildcards) {
  const auto acceptors = listen({at("::"), at("0.0.0.0")});
  ASSERT_TRUE(acceptors) << acceptors.error().message;
  EXPECT_TRUE(answers(at("127.0.0.1", acceptors->front().local_endpoint().port())));
}

TEST_F(ListenTest, Literals) {
  for (const char* host : {"::1", "[::1]"}) {
    EXPECT_EQ(*resolve_host(host, 80), (Endpoints{at("::1", 80)})) << host;
  }
  EXPECT_EQ(*resolve_host("127.0.0.1", 81), (Endpoints{at("127.0.0.1", 81)}));
  const auto unknown = resolve_host("no such name", 80);
  ASSERT_FALSE(unknown);
  EXPECT_THAT(unknown.error().message, AllOf(HasSubstr("'no such name'"), HasSubstr("--host")));
}

TEST_F(ListenTest, UrlsThatAClientCanUse) {
  EXPECT_EQ(client_url("localhost", 8080), "http://localhost:8080");
  EXPECT_EQ(client_url("10.1.2.3", 8080), "http://10.1.2.3:8080");
  EXPECT_EQ(client_url("::1", 8080), "http://[::1]:8080");
  EXPECT_EQ(client_url("[::1]", 8080), "http://[::1]:8080");
  EXPECT_EQ(client_url("0.0.0.0", 8080), "http://127.0.0.1:8080");
  EXPECT_EQ(client_url("", 8080), "http://127.0.0.1:8080");
  EXPECT_EQ(client_url("::", 8080), "http://[::1]:8080");
}

}  // namespace
}  // namespace qaio
