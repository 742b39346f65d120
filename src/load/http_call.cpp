#include "load/http_call.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <tuple>

#include "load/http_request.h"

namespace qaio {
namespace {

namespace net = boost::asio;
namespace http = boost::beast::http;

constexpr auto kAwait = net::as_tuple(net::use_awaitable);

constexpr uint64_t kBodyBytesMax = 8 << 20;

net::awaitable<Result<HttpAnswer>> call(const Target& target, const Endpoints& endpoints,
                                        PostRequest request, std::chrono::milliseconds timeout) {
  boost::beast::tcp_stream stream(co_await net::this_coro::executor);
  stream.expires_after(timeout);
  const auto [refused, endpoint] = co_await stream.async_connect(endpoints, kAwait);
  if (refused) {
    co_return fail(ErrorCode::kIo,
                   "cannot connect to " + target.authority() + ": " + refused.message());
  }
  auto [ec, bytes] = co_await http::async_write(stream, request, kAwait);
  boost::beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.body_limit(kBodyBytesMax);
  if (!ec) std::tie(ec, bytes) = co_await http::async_read(stream, buffer, parser, kAwait);
  if (ec) {
    co_return fail(ErrorCode::kIo, target.authority() + std::string(request.target()) +
                                       " gave no answer: " + ec.message());
  }
  co_return HttpAnswer{static_cast<int>(parser.get().result_int()), std::move(parser.get().body())};
}

}  // namespace

Result<Endpoints> resolve(const Target& target) {
  net::io_context io(1);
  boost::system::error_code ec;
  Endpoints endpoints = net::ip::tcp::resolver(io).resolve(target.host, target.port, ec);
  if (ec)
    return fail(ErrorCode::kIo, "cannot find the host '" + target.host + "': " + ec.message());
  return endpoints;
}

Result<HttpAnswer> http_call(const Target& target, const Endpoints& endpoints,
                             std::string_view path, std::string body,
                             std::chrono::milliseconds timeout) {
  PostRequest request = http_request(target, std::string(path), std::move(body));
  if (request.body().empty()) request.method(http::verb::get);
  net::io_context io(1);
  Result<HttpAnswer> answer = fail(ErrorCode::kInternal, "the call did not run");
  net::co_spawn(io, call(target, endpoints, std::move(request), timeout),
                [&](const std::exception_ptr& failed, Result<HttpAnswer> result) {
                  if (!failed) answer = std::move(result);
                });
  io.run();
  return answer;
}

}  // namespace qaio
