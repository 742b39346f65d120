#include "server/http/request_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cctype>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "server/http/head_lines.h"
#include "server/http/request_id.h"
#include "trace/trace_context.h"

namespace qaio {
namespace {

namespace net = boost::asio;
namespace http = boost::beast::http;

using Parser = http::request_parser<http::string_body>;

constexpr auto kAwait = net::as_tuple(net::use_awaitable);
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
constexpr std::string_view kContinueExpected = "100-continue";
constexpr std::string_view kDigits = "0123456789";
constexpr size_t kHeadChunk = 4096;  // bytes to read at a time
constexpr size_t kFieldBytes = 64;   // of what the parser keeps beside a field's text, about
constexpr size_t kRecordedPathMax = 256;
constexpr size_t kRecordedMethodMax = 32;

// Of a header that may come several times. Absent: it does not.
std::optional<std::string> joined(const Parser& parser, std::string_view name) {
  std::optional<std::string> all;
  const auto [begin, end] = parser.get().equal_range(name);
  for (auto field = begin; field != end; ++field) {
    if (all) *all += ',';
    all = all.value_or("") + std::string(field->value());
  }
  return all;
}

std::vector<std::string> all_of(const Parser& parser, std::string_view name) {
  std::vector<std::string> values;
  const auto [begin, end] = parser.get().equal_range(name);
  for (auto field = begin; field != end; ++field) values.emplace_back(field->value());
  return values;
}

// Who asks, if `peer` is a proxy that may say so.
Caller caller_of(const Parser& parser, const ReadRules& rules, const std::string& peer) {
  if (rules.proxies.empty()) return {.client = peer, .https = rules.over_tls};
  Caller caller =
      rules.proxies.caller(peer, {.x_forwarded_for = all_of(parser, "X-Forwarded-For"),
                                  .x_forwarded_proto = all_of(parser, "X-Forwarded-Proto"),
                                  .forwarded = all_of(parser, "Forwarded")});
  caller.https = caller.https || rules.over_tls;
  return caller;
}

// A token of another form is none. 0: none.
uint64_t client_token_hash(const Parser& parser) {
  const std::string token = joined(parser, "X-Client-Token").value_or("");
  if (token.size() < kClientTokenBytesMin || token.size() > kClientTokenBytesMax ||
      !is_visible_ascii(token)) {
    return 0;
  }
  return std::max<uint64_t>(1, std::hash<std::string>()(token));
}

// Requests that only look are no trace of their own: a scrape each second would be most of what is
// exported.
TraceContext trace_of(const Parser& parser, bool observes, bool exported) {
  const auto parent = parse_traceparent(joined(parser, "traceparent").value_or(""));
  const std::string state = joined(parser, "tracestate").value_or("");
  return begin_span(parent, state, exported && (parent ? parent->sampled : !observes));
}

// A target in absolute form, as sent to proxies: "http://HOST/PATH".
struct Target {
  std::optional<std::string_view> host;  // only of the absolute form
  std::string_view rest;                 // path and query; of the absolute form perhaps no path
};
Target split_target(std::string_view target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!boost::beast::iequals(target.substr(0, scheme.size()), scheme)) continue;
    target.remove_prefix(scheme.size());
    const size_t end = std::min(target.find_first_of("/?"), target.size());
    return {.host = target.substr(0, end), .rest = target.substr(end)};
  }
  return {.host = std::nullopt, .rest = target};
}

// A name or an address, perhaps with a port: nothing that a URL has beside them.
bool is_host(std::string_view host) {
  const size_t port = host.starts_with('[') ? std::min(host.find(']'), host.size() - 1) + 1
                                            : std::min(host.find(':'), host.size());
  const std::string_view name = host.substr(0, port);
  const std::string_view rest = host.substr(port);
  const auto in_name = [](unsigned char c) {
    return std::isalnum(c) != 0 ||
           std::string_view("-._~%!$&'()*+,;=").find(static_cast<char>(c)) !=
               std::string_view::npos;
  };
  const bool address = name.size() > 2 && name.starts_with('[') && name.ends_with(']') &&
                       name.find_first_not_of("0123456789abcdefABCDEF:.", 1) == name.size() - 1;
  return (address || (!name.empty() && std::ranges::all_of(name, in_name))) &&
         (rest.empty() ||
          (rest[0] == ':' && rest.find_first_not_of(kDigits, 1) == std::string_view::npos));
}

// A method that is none of HTTP's may be any text; OpenTelemetry's name for all of them.
std::string recorded_method(const Parser& parser, const ServerOptions& options) {
  const bool known = parser.get().method() != http::verb::unknown;
  if (!known && !options.record_paths && !parser.get().method_string().empty()) return "_OTHER";
  return std::string(parser.get().method_string()).substr(0, kRecordedMethodMax);
}

// A path that no route matched is the client's text, and kept only where texts are.
void describe(const Parser& parser, const ReadRules& rules, Exchange& exchange) {
  const auto& message = parser.get();
  HttpRequest& request = exchange.mutable_request();
  Caller caller = caller_of(parser, rules, request.client);
  request.client = std::move(caller.client);
  request.over_https = caller.https;
  request.method = std::string_view(message.method_string());
  const auto [host, target] = split_target(message.target());
  const size_t query = std::min(target.find('?'), target.size());
  request.path = host && query == 0 ? "/" : target.substr(0, query);
  request.query = target.substr(std::min(query + 1, target.size()));
  request.accept = message[http::field::accept];
  request.origin = message[http::field::origin];
  request.accept_encoding = message[http::field::accept_encoding];
  request.if_none_match = message[http::field::if_none_match];
  const std::string key = message[http::field::authorization];
  request.client_key = std::hash<std::string>()(key.empty() ? request.client : key);

  RequestRecord& record = exchange.record();
  record.request_id = choose_request_id(message["X-Request-Id"]);
  record.method = recorded_method(parser, rules.options);
  const std::string_view path = std::string_view(request.path).substr(0, kRecordedPathMax);
  record.routed = !rules.router.match(request.method, request.path).route.empty();
  record.path = record.routed || !rules.options.record_paths ? rules.router.recorded(path) : path;
  record.client_token_hash = client_token_hash(parser);
  record.trace = trace_of(parser, only_observes(record), rules.options.export_traces);
}

ReadResult refuse(const boost::system::error_code& ec, const ServerOptions& options,
                  Exchange& exchange) {
  if (ec.category() != make_error_code(http::error::body_limit).category() ||
      ec == http::error::end_of_stream || ec == http::error::partial_message) {
    return {};
  }
  if (ec == http::error::body_limit) {
    exchange.respond(error_response(
        413, "too_large",
        fmt::format("the request body is larger than {} bytes", options.body_bytes_max)));
  } else if (ec == http::error::header_limit || ec == http::error::buffer_overflow) {
    exchange.respond(error_response(
        431, "header_too_large",
        fmt::format("the request header is larger than {} bytes", options.header_bytes_max)));
  } else {
    exchange.respond(error_response(400, kBadHttp, "not a valid HTTP request: " + ec.message()));
  }
  return {.outcome = ReadResult::Outcome::kRefused};
}

// What RFC 9112 demands of a head, and what it says that this server does not do. A body whose end
// is not certain must never be taken for the next request.
std::optional<HttpResponse> fault_of(const Parser& parser) {
  using boost::beast::iequals;
  const bool http_1_0 = parser.get().version() < 11;
  const size_t hosts = parser.get().count(http::field::host);
  if (hosts > 1 || (hosts == 0 && !http_1_0)) {
    return error_response(400, kBadHttp, "an HTTP/1.1 request must have one Host header");
  }
  if (parser.get().method() == http::verb::connect) {  // what follows may not be HTTP
    return error_response(501, "not_implemented", "this server is no proxy");
  }
  const auto host = joined(parser, "Host");
  const auto [target_host, target] = split_target(parser.get().target());
  const bool of_server = parser.get().method() == http::verb::options && target == "*";
  if (!target_host && !target.starts_with('/') && !of_server) {
    return error_response(400, kBadHttp, "the request's target must be a path, as /v1/models is");
  }
  if ((host && !is_host(*host)) || (target_host && !is_host(*target_host))) {
    return error_response(400, kBadHttp,
                          "the host must be a name or an address, perhaps with a port");
  }
  const auto length = joined(parser, "Content-Length");
  if (length && length->find_first_not_of(kDigits) != std::string::npos) {
    return error_response(400, kBadHttp, "a Content-Length must be one number, sent once");
  }
  if (const auto coding = joined(parser, "Transfer-Encoding")) {
    const size_t last = coding->find_last_of(", \t") + 1;
    if (http_1_0 || !iequals(std::string_view(*coding).substr(last), "chunked")) {
      return error_response(400, kBadHttp,
                            "the end of the body is not known: a Transfer-Encoding must end with "
                            "chunked, and HTTP/1.0 has none; send a Content-Length");
    }
    if (last != 0) {
      return error_response(501, "not_implemented",
                            "of Transfer-Encodings only chunked is understood, without others");
    }
  }
  if (const auto coding = joined(parser, "Content-Encoding");
      coding && !coding->empty() && !iequals(*coding, "identity")) {
    HttpResponse refusal = error_response(
        415, "unsupported_media_type",
        fmt::format("the body's Content-Encoding is '{}': send it as it is, not encoded",
                    coding->substr(0, 100)));
    refusal.headers.push_back({"Accept-Encoding", "identity"});
    return refusal;
  }
  const auto expect = joined(parser, "Expect");
  if (!http_1_0 && expect && !iequals(*expect, kContinueExpected)) {
    return error_response(417, "expectation_failed",
                          "of expectations only 100-continue can be met");
  }
  return std::nullopt;
}

RequestSite site_of(const Parser& parser, bool over_loopback, bool over_https) {
  // that of an absolute target goes before the header (RFC 9112, 3.2.2)
  const auto host = split_target(parser.get().target()).host;
  return {.host = host ? std::string(*host) : joined(parser, "Host"),
          .origin = joined(parser, "Origin"),
          .fetch_site = parser.get()["Sec-Fetch-Site"],
          .fetch_mode = parser.get()["Sec-Fetch-Mode"],
          .over_loopback = over_loopback,
          .over_https = over_https};
}

HttpResponse memory_refusal() {
  return error_response(503, error_code_name(ErrorCode::kResourceExhausted),
                        "too many long requests are on their way; try again later");
}

// Without a key that is known the path is a stranger's text: never kept, not even where texts are.
std::optional<HttpResponse> refusal_of_key(const Parser& parser, const ReadRules& rules,
                                           Exchange& exchange) {
  const HttpRequest& request = exchange.request();
  auto refused = rules.access.refuse(
      {.authorization = joined(parser, "Authorization"), .x_api_key = joined(parser, "x-api-key")},
      rules.router.match(request.method, request.path), exchange);
  if (refused && !exchange.key()) {
    exchange.record().path =
        rules.router.recorded(std::string_view(request.path).substr(0, kRecordedPathMax));
  }
  return refused;
}

// Whatever can be refused by the head alone is refused before the body. `complete`: the connection
// may go on, as there is none. `held_bytes`: what is held without the body.
std::optional<HttpResponse> refusal_of_head(const Parser& parser, const ReadRules& rules,
                                            size_t held_bytes, MemoryCharge& charge,
                                            Exchange& exchange, bool& complete) {
  if (auto fault = fault_of(parser)) return fault;
  if (rules.tls_expected) {
    return error_response(400, "https_required",
                          "this port speaks HTTPS and the request was plain HTTP: write https:// "
                          "instead of http://");
  }
  if (auto refused =
          rules.sites.refuse(site_of(parser, rules.over_loopback, exchange.request().over_https)))
    return refused;
  if (rules.health_only && !std::string_view(parser.get().target()).starts_with("/health")) {
    return error_response(503, error_code_name(ErrorCode::kResourceExhausted),
                          "too many connections, try again later");
  }
  if (auto refused = refusal_of_key(parser, rules, exchange)) {
    complete = parser.is_done();
    return refused;
  }
  const size_t body_bytes = parser.content_length().value_or(0);
  if (!charge.resize(held_bytes + body_bytes)) return memory_refusal();
  return std::nullopt;
}

bool wants_continue(const Parser& parser) {
  return !parser.is_done() && parser.get().version() >= 11 &&
         boost::beast::iequals(parser.get()[http::field::expect], kContinueExpected);
}

// How reading a head ended: with its last byte, a refusal, or the connection.
struct HeadEnd {
  boost::system::error_code ec;         // of the parser or the connection
  std::optional<HttpResponse> refusal;  // of what the parser lets pass
  size_t bytes = 0;                     // of the head's text, and about what the parser made of it
};

net::awaitable<HeadEnd> read_head(ClientStream& stream, boost::beast::flat_buffer& buffer,
                                  size_t bytes_max, MemoryCharge& charge, Parser& parser) {
  HeadLines lines;
  size_t parsed = 0;   // bytes of the buffer, which keeps the head until all of it is there
  size_t checked = 0;  // likewise
  for (;;) {
    const std::string_view bytes(static_cast<const char*>(buffer.data().data()), buffer.size());
    boost::system::error_code ec;
    parsed += parser.put(net::buffer(bytes.substr(parsed)), ec);
    if (auto fault = lines.take(bytes.substr(checked))) {
      co_return HeadEnd{.ec = {}, .refusal = std::move(fault)};
    }
    checked = bytes.size();
    if (parser.is_header_done()) {
      buffer.consume(parsed);
      co_return HeadEnd{.ec = ec, .refusal = {}, .bytes = parsed + lines.fields() * kFieldBytes};
    }
    if (ec && ec != http::error::need_more) co_return HeadEnd{.ec = ec, .refusal = {}};
    if (bytes.size() >= bytes_max)
      co_return HeadEnd{.ec = http::error::header_limit, .refusal = {}};
    const auto space = buffer.prepare(kHeadChunk);
    if (!charge.resize(buffer.capacity())) co_return HeadEnd{.ec = {}, .refusal = memory_refusal()};
    auto [failed, received] = co_await stream.async_read_some(space, kAwait);
    if (failed) co_return HeadEnd{.ec = http::error::end_of_stream, .refusal = {}};
    buffer.commit(received);
  }
}

}  // namespace

#if defined(__GNUC__) && !defined(__clang__)
// A wrong guess about the coroutine's frame where Asio's new is not inlined and its delete is.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif

net::awaitable<ReadResult> read_request(ClientStream& stream, boost::beast::flat_buffer& buffer,
                                        const ReadRules& rules, MemoryCharge& charge,
                                        Exchange& exchange) {
  Parser parser;
  parser.header_limit(rules.options.header_bytes_max);
  parser.body_limit(rules.options.body_bytes_max);
  HeadEnd head = co_await read_head(stream, buffer, rules.options.header_bytes_max, charge, parser);
  describe(parser, rules, exchange);
  if (head.ec) co_return refuse(head.ec, rules.options, exchange);
  auto refusal = std::move(head.refusal);
  bool complete = false;
  if (!refusal) {
    refusal =
        refusal_of_head(parser, rules, buffer.capacity() + head.bytes, charge, exchange, complete);
  }
  if (refusal) {
    exchange.respond(std::move(*refusal));
    co_return ReadResult{.outcome = ReadResult::Outcome::kRefused,
                         .keep_alive = complete && parser.keep_alive(),
                         .http_1_0 = parser.get().version() < 11};
  }
  // By the head: what a trailer says of the connection has no effect.
  const bool keep_alive = parser.keep_alive();
  if (wants_continue(parser)) {
    auto [ec, bytes] = co_await net::async_write(stream, net::buffer(kContinue), kAwait);
    if (ec) co_return ReadResult{};
  }
  parser.eager(true);
  while (!parser.is_done()) {
    auto [ec, bytes] = co_await http::async_read_some(stream, buffer, parser, kAwait);
    if (ec) co_return refuse(ec, rules.options, exchange);
    // What is sent in chunks does not say its length in advance.
    if (!charge.resize(buffer.capacity() + head.bytes + parser.get().body().capacity())) {
      exchange.respond(memory_refusal());
      co_return ReadResult{.outcome = ReadResult::Outcome::kRefused};
    }
  }
  ReadResult result;
  result.outcome = ReadResult::Outcome::kComplete;
  result.keep_alive = keep_alive;
  result.http_1_0 = parser.get().version() < 11;
  exchange.mutable_request().body = std::move(parser.get().body());
  co_return result;
}

}  // namespace qaio
