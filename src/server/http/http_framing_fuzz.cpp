// libFuzzer: any bytes as what a client sends on one connection, cut anywhere. What the connection
// takes for requests must be what an independent, strict reading of RFC 9112 makes of the bytes:
// where the two disagree about an end, somebody could hide a request from a proxy in front. The
// first byte says how the rest is cut.
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <cctype>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/fuzz_for_test.h"
#include "server/http/connection.h"

namespace qaio {
namespace {

constexpr size_t kBodyBytesMax = 1 << 16;

struct SeenRequest {
  std::string method;
  std::string path;
  std::string body;  // of those that a handler got
  int status = 0;
};

// Reads as strictly as the RFC allows; whatever several readers might take differently is none.
class StrictReader {
 public:
  explicit StrictReader(std::string_view bytes) : rest_(bytes) {}

  // Absent: what follows is no request, or no whole one.
  std::optional<SeenRequest> next() {
    while (rest_.starts_with("\r\n")) rest_.remove_prefix(2);
    SeenRequest request;
    const auto line = take_line();
    if (!line || !read_request_line(*line, request)) return std::nullopt;
    if (!read_fields(false)) return std::nullopt;
    if (!read_body(request)) return std::nullopt;
    return request;
  }

 private:
  static bool is_token(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](unsigned char c) {
      return std::isalnum(c) != 0 ||
             std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(c)) !=
                 std::string_view::npos;
    });
  }
  static std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
  }
  static std::string lower(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(), [](unsigned char c) { return std::tolower(c); });
    return out;
  }

  // Up to CR LF, of which nothing else may stand in it, nor another control character.
  std::optional<std::string_view> take_line() {
    const size_t end = rest_.find("\r\n");
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(end + 2);
    const bool clean = std::ranges::all_of(
        line, [](unsigned char c) { return c == '\t' || (c >= 0x20 && c != 0x7F); });
    return clean ? std::optional(line) : std::nullopt;
  }

  bool read_request_line(std::string_view line, SeenRequest& request) {
    const size_t first = line.find(' ');
    const size_t second = line.rfind(' ');
    if (first == std::string_view::npos || second <= first) return false;
    const std::string_view target = line.substr(first + 1, second - first - 1);
    const std::string_view version = line.substr(second + 1);
    http_1_0_ = version == "HTTP/1.0";
    if (!http_1_0_ && version != "HTTP/1.1") return false;
    if (target.empty() || target.find_first_of(" \t") != std::string_view::npos) return false;
    request.method = line.substr(0, first);
    request.path = target.substr(0, target.find('?'));
    return is_token(request.method);
  }

  // A header, or the trailer behind the last chunk.
  bool read_fields(bool trailer) {
    if (!trailer) length_ = std::nullopt;
    if (!trailer) chunked_ = coded_ = false;
    for (;;) {
      const auto line = take_line();
      if (!line) return false;
      if (line->empty()) return true;
      // A line that goes on in a trailer, which nobody heeds, hides no end.
      if (trailer && (line->front() == ' ' || line->front() == '\t')) continue;
      const size_t colon = line->find(':');
      if (colon == std::string_view::npos || !is_token(line->substr(0, colon))) return false;
      const std::string name = lower(line->substr(0, colon));
      if (!trailer && !heed(name, trimmed(line->substr(colon + 1)))) return false;
    }
  }
  bool heed(const std::string& name, std::string_view value) {
    if (name == "content-length") {
      if (value.empty() || value.size() > 9) return false;
      if (value.find_first_not_of("0123456789") != std::string_view::npos) return false;
      const size_t length = std::stoul(std::string(value));
      if (length_ && *length_ != length) return false;
      length_ = length;
    }
    if (name == "transfer-encoding") {
      if (coded_ || lower(value) != "chunked") return false;
      coded_ = chunked_ = true;
    }
    return true;
  }

  bool read_body(SeenRequest& request) {
    if (chunked_ && (length_ || http_1_0_)) return false;
    if (chunked_) return read_chunks(request.body);
    const size_t length = length_.value_or(0);
    if (length > rest_.size()) return false;
    request.body = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return true;
  }
  bool read_chunks(std::string& body) {
    for (;;) {
      const auto line = take_line();
      if (!line) return false;
      std::string_view digits = line->substr(0, line->find_first_of("; \t"));
      while (digits.size() > 1 && digits.front() == '0') digits.remove_prefix(1);
      if (digits.empty() || digits.size() > 15 ||
          !std::ranges::all_of(digits, [](unsigned char c) { return std::isxdigit(c) != 0; })) {
        return false;
      }
      const size_t bytes = std::stoull(std::string(digits), nullptr, 16);
      if (bytes == 0) return read_fields(true);
      if (rest_.size() < bytes + 2 || rest_.substr(bytes, 2) != "\r\n") return false;
      body += rest_.substr(0, bytes);
      rest_.remove_prefix(bytes + 2);
    }
  }

  std::string_view rest_;
  bool http_1_0_ = false;
  bool coded_ = false;
  bool chunked_ = false;
  std::optional<size_t> length_;
};

// One connection over a pair of sockets, driven by hand: nothing depends on time.
class FramingServer {
 public:
  FramingServer() {
    options_.body_bytes_max = kBodyBytesMax;
    options_.header_bytes_max = 4096;
    options_.record_paths = true;
    const Handler echo = [this](const std::shared_ptr<Call>& call) {
      bodies_.push_back(call->request().body);
      HttpResponse response;
      response.body = "{}";
      call->respond(std::move(response));
    };
    for (const char* method : {"GET", "POST"}) router_.add(method, "/echo", std::nullopt, echo);
  }

  // The requests it saw, in their order, when the client has sent `bytes` in pieces.
  std::vector<SeenRequest> serve(std::string_view bytes, size_t piece_bytes) {
    seen_.clear();
    bodies_.clear();
    boost::asio::io_context io(1);
    int ends[2] = {-1, -1};
    require(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
    bool ended = false;
    {
      ConnectionSocket socket(boost::asio::make_strand(io));
      socket.assign({AF_UNIX, 0}, ends[1]);
      std::make_shared<Connection>(std::move(socket), context_, false)->start([&] {
        ended = true;
      });
    }
    run(io, ends[0]);
    while (!bytes.empty() && !ended) {
      const std::string_view piece = bytes.substr(0, piece_bytes);
      const ssize_t sent = ::send(ends[0], piece.data(), piece.size(), MSG_NOSIGNAL);
      if (sent > 0) bytes.remove_prefix(static_cast<size_t>(sent));
      if (sent <= 0 && errno != EAGAIN) break;  // it is closed
      run(io, ends[0]);
    }
    ::shutdown(ends[0], SHUT_WR);
    run(io, ends[0]);
    // A client that has left is let go of, at the latest when a look at what it has read says so.
    for (int i = 0; i < 5000 && !ended; ++i) {
      io.run_one_for(std::chrono::milliseconds(1));
      run(io, ends[0]);
    }
    require(ended);
    ::close(ends[0]);
    return seen_;
  }

 private:
  void run(boost::asio::io_context& io, int client) {
    char answer[4096];
    bool more = true;
    while (more) {
      more = io.poll() > 0;
      io.restart();
      while (::recv(client, answer, sizeof(answer), 0) > 0) more = true;
    }
  }
  void record(const RequestRecord& record) {
    SeenRequest request;
    request.method = record.method;
    request.path = record.path;
    request.status = record.status;
    if (record.status == 200 && !bodies_.empty()) request.body = bodies_.back();
    seen_.push_back(std::move(request));
  }

  ServerOptions options_;
  Router router_;
  RecordSink sink_ = [this](const RequestRecord& seen) { record(seen); };
  FakeClock clock_;
  SitePolicy sites_{{"*"}, {}};
  MemoryBudget memory_{size_t{64} << 20};
  const TrustedProxies proxies_;
  const AccessPolicy access_{nullptr, /*preflights=*/false};
  ConnectionContext context_{options_, router_, sink_, clock_, sites_, proxies_, access_, memory_};
  std::vector<SeenRequest> seen_;
  std::vector<std::string> bodies_;
};

// Of a request that was read to its end; the others end the connection.
bool was_read(const SeenRequest& request) {
  return request.status == 200 || request.status == 404 || request.status == 405;
}

void check_against_strict(const std::vector<SeenRequest>& seen, std::string_view bytes) {
  StrictReader strict(bytes);
  for (size_t i = 0; i < seen.size(); ++i) {
    if (!was_read(seen[i])) {
      require(i + 1 == seen.size());
      return;
    }
    const auto expected = strict.next();
    require(expected.has_value());
    require(seen[i].method == expected->method.substr(0, 32));
    if (seen[i].status != 200) continue;
    require(seen[i].body == expected->body);
    require(expected->path.ends_with("/echo"));
  }
}

}  // namespace
}  // namespace qaio

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace qaio;
  static FramingServer& server = *new FramingServer;
  FuzzInput input(data, size);
  const size_t piece_bytes = input.byte() + size_t{1};
  const std::string_view bytes = input.rest();
  const auto whole = server.serve(bytes, bytes.size());
  check_against_strict(whole, bytes);
  const auto cut = server.serve(bytes, piece_bytes);
  check_against_strict(cut, bytes);
  // However it is cut, the same is read. Of half a head one may be told that it is wrong, or leave
  // before.
  require(whole.size() == cut.size());
  for (size_t i = 0; i < whole.size(); ++i) {
    require(was_read(whole[i]) == was_read(cut[i]));
    if (!was_read(whole[i])) continue;
    require(whole[i].status == cut[i].status && whole[i].body == cut[i].body);
  }
  return 0;
}
