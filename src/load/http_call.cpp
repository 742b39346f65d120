#include "load/http_call.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include "load/http_request.h"
#include "load/load_stream.h"

namespace qaio {
namespace {

namespace net = boost::asio;
namespace http = boost::beast::http;

constexpr auto kAwait = net::as_tuple(net::use_awaitable);

constexpr uint64_t kBodyBytesMax = 8 << 20;

// In the words of LoadStream, which leaves those of a timeout to others.
std::string connect_problem(const Target& target, const Failure& failure) {
  return "cannot connect to " + target.authority() + ": " +
         (failure.kind == FailureKind::kTimeout ? "it took too long" : failure.detail);
}

net::awaitable<Result<HttpAnswer>> call(const Target& target, LoadStream& stream,
                                        PostRequest request, std::chrono::milliseconds timeout) {
  stream.expires_after(timeout);
  OpenTimes times;
  if (const auto failure = co_await stream.open(times))
    co_return fail(ErrorCode::kIo, connect_problem(target, *failure));
  const auto [unsent, sent] = co_await http::async_write(stream, request, kAwait);
  boost::beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.body_limit(kBodyBytesMax);
  // A server may refuse, and close, before it has read everything: what it says counts.
  auto [ec, received] = co_await http::async_read(stream, buffer, parser, kAwait);
  if (ec) {
    if (unsent && ec.category() != net::error::get_ssl_category()) ec = unsent;
    co_return fail(ErrorCode::kIo, target.authority() + std::string(request.target()) +
                                       " gave no answer: " + ec.message());
  }
  co_return HttpAnswer{static_cast<int>(parser.get().result_int()), std::move(parser.get().body())};
}

}  // namespace

Result<HttpAnswer> http_call(const Target& target, const Transport& transport,
                             std::string_view path, std::string body,
                             std::chrono::milliseconds timeout) {
  PostRequest request = http_request(target, std::string(path), std::move(body));
  if (request.body().empty()) request.method(http::verb::get);
  net::io_context io(1);
  Result<HttpAnswer> answer = fail(ErrorCode::kInternal, "the call did not run");
  LoadStream stream(io, transport);
  net::co_spawn(io, call(target, stream, std::move(request), timeout),
                [&](const std::exception_ptr& failed, Result<HttpAnswer> result) {
                  if (!failed) answer = std::move(result);
                });
  io.run();
  return answer;
}

}  // namespace qaio
