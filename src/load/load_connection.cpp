#include "load/load_connection.h"

#include <fmt/format.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>
#include <tuple>
#include <utility>

namespace qaio {
namespace {

namespace net = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;

constexpr auto kAwait = net::as_tuple(net::use_awaitable);

constexpr uint64_t kAnswerBytesMax = 256 << 20;
constexpr size_t kErrorBytesMax = 4096;  // of a refusal's body, for its message
constexpr size_t kBufferBytesMax = 64 << 10;

}  // namespace

net::awaitable<RequestSample> LoadConnection::exchange(LoadRequest load, TimeNs intended_ns,
                                                       Histogram* gaps) {
  const Clock& clock = SteadyClock::instance();
  RequestSample sample;
  sample.intended_ns = intended_ns;
  sample.sent_ns = clock.now_ns();
  sample.prompt_tokens_asked = load.prompt_tokens_asked;
  PostRequest request = http_request(target_, target_.path, std::move(load.body));
  stream_.expires_after(timeout_);
  for (bool again = true; again;) {
    const bool kept = stream_.is_open();
    answered_ = false;
    AnswerReader reader(target_.api, clock, sample, gaps);
    sample.failure = co_await attempt(request, reader, sample);
    again = kept && !answered_ && !abandoned_ && sample.failure &&
            sample.failure->kind == FailureKind::kDisconnected;
  }
  sample.end_ns = clock.now_ns();
  sample.abandoned = abandoned_;
  stream_.expires_never();
  co_return sample;
}

net::awaitable<LoadConnection::Attempt> LoadConnection::attempt(PostRequest& request,
                                                                AnswerReader& reader,
                                                                RequestSample& sample) {
  Attempt failure;
  if (!stream_.is_open()) failure = co_await open(sample);
  if (!failure) {
    const auto [ec, sent] = co_await http::async_write(stream_, request, kAwait);
    // A server may refuse, and close, before it has read everything: its answer counts.
    failure = co_await read_answer(reader);
    if (ec && failure && !answered_) failure = failed(ec, "while sending");
  }
  if (failure && failure->kind != FailureKind::kHttpStatus) stream_.close();
  co_return failure;
}

net::awaitable<LoadConnection::Attempt> LoadConnection::open(RequestSample& sample) {
  OpenTimes times;
  if (auto failure = co_await stream_.open(times)) {
    if (failure->kind == FailureKind::kTimeout)
      co_return failed(boost::beast::error::timeout, "while connecting");
    co_return failure;
  }
  sample.opened = times;
  buffer_ = boost::beast::flat_buffer(kBufferBytesMax);
  co_return std::nullopt;
}

net::awaitable<LoadConnection::Attempt> LoadConnection::read_answer(AnswerReader& reader) {
  http::response_parser<http::buffer_body> parser;
  parser.body_limit(kAnswerBytesMax);
  auto [ec, received] = co_await http::async_read_header(stream_, buffer_, parser, kAwait);
  answered_ = parser.got_some();
  if (ec) co_return failed(ec, "before the answer");
  const int status = static_cast<int>(parser.get().result_int());
  const bool good =
      status == 200 && parser.get()[http::field::content_type].starts_with(reader.content_type());

  std::string refusal;
  while (!parser.is_done()) {
    parser.get().body().data = piece_.data();
    parser.get().body().size = piece_.size();
    std::tie(ec, received) = co_await http::async_read_some(stream_, buffer_, parser, kAwait);
    if (ec == http::error::need_buffer) ec = {};
    const std::string_view bytes(piece_.data(), piece_.size() - parser.get().body().size);
    if (good) {
      if (auto failure = reader.push(bytes)) co_return failure;
    } else {
      refusal += bytes.substr(0, kErrorBytesMax - std::min(refusal.size(), kErrorBytesMax));
    }
    if (ec) co_return failed(ec, "inside the answer");
  }
  if (!parser.keep_alive()) stream_.close();
  if (status != 200) co_return Failure{FailureKind::kHttpStatus, status, error_message(refusal)};
  if (!good) {
    co_return Failure{FailureKind::kMalformed, 0,
                      fmt::format("the answer is not {}", reader.content_type())};
  }
  co_return reader.finish();
}

Failure LoadConnection::failed(const error_code& ec, std::string_view what) const {
  if (ec == boost::beast::error::timeout) {
    const double seconds = std::chrono::duration<double>(timeout_).count();
    return {FailureKind::kTimeout, 0, fmt::format("no complete answer within {:g} s", seconds)};
  }
  // A server that wants a certificate of ours says so only now.
  if (ec.category() == net::error::get_ssl_category())
    return {FailureKind::kTls, 0, fmt::format("TLS broke {}: {}", what, ec.message())};
  const bool cut = ec == http::error::end_of_stream || ec == http::error::partial_message ||
                   ec == net::ssl::error::stream_truncated ||
                   ec.category() == net::error::get_misc_category() ||
                   ec.category() == boost::system::system_category();
  return {cut ? FailureKind::kDisconnected : FailureKind::kMalformed, 0,
          cut ? fmt::format("the connection ended {}", what) : ec.message()};
}

void LoadConnection::abandon() {
  abandoned_ = true;
  stream_.close();
}

}  // namespace qaio
