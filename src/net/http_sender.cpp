#include "net/http_sender.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <exception>
#include <optional>
#include <thread>

#include "base/draining_queue.h"

namespace qaio {
namespace {

using std::chrono::milliseconds;

struct EasyDelete {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct MultiDelete {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};
struct UrlDelete {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
struct ListDelete {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using Easy = std::unique_ptr<CURL, EasyDelete>;
using Multi = std::unique_ptr<CURLM, MultiDelete>;
using Url = std::unique_ptr<CURLU, UrlDelete>;
using HeaderList = std::unique_ptr<curl_slist, ListDelete>;

void curl_once() {
  static const CURLcode done = curl_global_init(CURL_GLOBAL_DEFAULT);
  (void)done;
}

// Without user and password, for the log.
Result<std::string> shown_url(const std::string& text) {
  const auto wrong = [&](std::string_view why) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("'{}' is no URL to post to: {}", text, why));
  };
  const Url url(curl_url());
  const CURLUcode parsed = curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0);
  if (parsed != CURLUE_OK) return wrong(curl_url_strerror(parsed));
  char* part = nullptr;
  if (curl_url_get(url.get(), CURLUPART_SCHEME, &part, 0) != CURLUE_OK) return wrong("no scheme");
  const std::string scheme(part);
  curl_free(part);
  if (scheme != "http" && scheme != "https") return wrong("it must begin with http:// or https://");
  curl_url_set(url.get(), CURLUPART_USER, nullptr, 0);
  curl_url_set(url.get(), CURLUPART_PASSWORD, nullptr, 0);
  curl_url_set(url.get(), CURLUPART_QUERY, nullptr, 0);  // it may hold a token
  if (curl_url_get(url.get(), CURLUPART_URL, &part, 0) != CURLUE_OK) return wrong("not readable");
  std::string shown(part);
  curl_free(part);
  return shown;
}

constexpr size_t kAnswerBytesMax = 64 << 10;

// Keeps the beginning; what is longer is read no further, as there may be no end to it.
size_t keep_body(char* data, size_t size, size_t count, void* user) {
  auto& body = *static_cast<std::string*>(user);
  const size_t bytes = size * count;
  try {
    body.append(data, std::min(bytes, kAnswerBytesMax - body.size()));
  } catch (const std::exception&) {  // nothing may be thrown through libcurl: the attempt failed
    return 0;
  }
  return body.size() < kAnswerBytesMax ? bytes : 0;
}

// libcurl's own sentence for these is of no help: "SSL peer certificate ... was not OK".
bool is_of_tls(CURLcode code) {
  return code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CONNECT_ERROR ||
         code == CURLE_SSL_CACERT_BADFILE;
}

void end_post(const HttpPost& post, HttpSendResult::Outcome outcome, std::string answer = {}) {
  if (post.on_end) post.on_end({.outcome = outcome, .answer = std::move(answer)});
}

// Of one attempt.
struct Answer {
  CURLcode code = CURLE_ABORTED_BY_CALLBACK;
  long status = 0;  // 0: none
  milliseconds retry_after{0};
  std::string body = {};
  std::string tls_problem = {};  // what was wrong with its certificate, or with TLS itself

  bool ok() const { return status >= 200 && status < 300; }
  bool worth_retrying(const HttpSender::Options& options) const {
    if (status == 0) return true;
    if (options.retries) return options.retries(static_cast<int>(status));
    return status == 408 || status == 429 || status >= 500;
  }
  std::string problem() const {
    if (status != 0) return fmt::format("it answered {}", status);
    return tls_problem.empty() ? std::string(curl_easy_strerror(code)) : tls_problem;
  }
};

}  // namespace

struct HttpSender::Impl {
  Impl(Options options_, std::string shown_)
      : options(std::move(options_)),
        shown(std::move(shown_)),
        queue({.items_max = options.queue_posts_max,
               .bytes_max = options.queue_bytes_max,
               .drain_time = options.drain_time}),
        multi(curl_multi_init()),
        easy(curl_easy_init()),
        thread([this] { run(); }) {}
  ~Impl();

  bool send(HttpPost post);

  void run();
  void drop_rest();
  void deliver(const HttpPost& post);
  Answer attempt(const HttpPost& post);
  HeaderList headers_of(const HttpPost& post) const;
  void give_up(const HttpPost& post, const Answer& answer, int attempts);
  void report(const std::string& problem) const {
    if (options.on_problem) options.on_problem(problem);
  }

  const Options options;
  const std::string shown;
  DrainingQueue<HttpPost> queue;
  const Multi multi;
  const Easy easy;
  bool failing = false;  // of the thread: the last attempt did

  // A post counts when everyone has heard of its end.
  std::atomic<uint64_t> sent = 0;
  std::atomic<uint64_t> retried = 0;
  std::atomic<uint64_t> failed = 0;
  std::atomic<uint64_t> dropped = 0;

  std::atomic<bool> overflowing = false;

  std::thread thread;  // last: it uses the rest
};

HttpSender::Impl::~Impl() {
  queue.begin_stop();
  thread.join();
}

bool HttpSender::Impl::send(HttpPost post) {
  const size_t bytes = post.body.size();
  const bool taken = queue.push(std::move(post), bytes);
  const bool first_lost = !overflowing.exchange(!taken) && !taken;
  if (taken) return true;
  ++dropped;
  end_post(post, HttpSendResult::Outcome::kDropped);
  if (first_lost) report(fmt::format("{} takes less than is to be sent: some is lost", shown));
  return false;
}

void HttpSender::Impl::run() {
  while (const std::optional<HttpPost> post = queue.next()) {
    try {
      deliver(*post);
    } catch (const std::exception&) {  // out of memory for what was to be said of its end
      ++failed;
    }
  }
  drop_rest();
}

// At the end.
void HttpSender::Impl::drop_rest() {
  uint64_t left = 0;
  try {
    while (const std::optional<HttpPost> post = queue.rest()) {
      ++left;
      end_post(*post, HttpSendResult::Outcome::kDropped);
    }
    if (left > 0) report(fmt::format("{} not sent to {} before the end", left, shown));
  } catch (const std::exception&) {  // out of memory for what was to be said of their end
    while (queue.rest()) ++left;
  }
  dropped += left;
}

void HttpSender::Impl::deliver(const HttpPost& post) {
  milliseconds delay = options.retry_delay;
  for (int attempts = 1;; ++attempts) {
    Answer answer;
    try {
      answer = attempt(post);
    } catch (const std::exception&) {  // out of memory: as if there had been no connection
    }
    if (answer.ok()) {
      failing = false;
      end_post(post, HttpSendResult::Outcome::kSent, std::move(answer.body));
      ++sent;
      return;
    }
    if (!answer.worth_retrying(options) || attempts == options.attempts_max ||
        queue.out_of_time()) {
      give_up(post, answer, attempts);
      return;
    }
    if (!std::exchange(failing, true) && options.on_retry) {
      options.on_retry(fmt::format("posting to {}: {}; trying again", shown, answer.problem()));
    }
    queue.sleep(std::min(std::max(delay, answer.retry_after), options.retry_delay_max));
    if (queue.out_of_time()) {
      give_up(post, answer, attempts);
      return;
    }
    ++retried;
    delay = std::min(2 * delay, options.retry_delay_max);
  }
}

void HttpSender::Impl::give_up(const HttpPost& post, const Answer& answer, int attempts) {
  end_post(post, HttpSendResult::Outcome::kFailed);
  report(fmt::format("given up posting to {} after {} attempt{}: {}", shown, attempts,
                     attempts == 1 ? "" : "s", answer.problem()));
  ++failed;
}

HeaderList HttpSender::Impl::headers_of(const HttpPost& post) const {
  HeaderList list;
  const auto add = [&](const std::string& line) {
    list.reset(curl_slist_append(list.release(), line.c_str()));
  };
  add("Expect:");  // or libcurl waits a second for 100 Continue
  for (const auto& [name, value] : options.headers) add(fmt::format("{}: {}", name, value));
  for (const auto& [name, value] : post.headers) add(fmt::format("{}: {}", name, value));
  return list;
}

// Through the multi interface, as only that can be left when the time is over.
Answer HttpSender::Impl::attempt(const HttpPost& post) {
  constexpr int kLookMs = 100;
  const HeaderList headers = headers_of(post);
  CURL* const handle = easy.get();
  curl_easy_reset(handle);  // keeps the connection
  curl_easy_setopt(handle, CURLOPT_URL, options.url.c_str());
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);  // what was chosen is the target, no other
  // A name server that does not answer holds up a thread of libcurl, not who waits for its end.
  curl_easy_setopt(handle, CURLOPT_QUICK_EXIT, 1L);
  curl_easy_setopt(handle, CURLOPT_USERAGENT, "qaio/" QAIO_VERSION);
  curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(handle, CURLOPT_POST, 1L);
  curl_easy_setopt(handle, CURLOPT_POSTFIELDS, post.body.data());
  curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(post.body.size()));
  curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(options.timeout.count()));
  // As it is by default, which no patched library may change: whoever gets records is who they are.
  curl_easy_setopt(handle, CURLOPT_SSL_VERIFYPEER, 1L);
  curl_easy_setopt(handle, CURLOPT_SSL_VERIFYHOST, 2L);
  std::array<char, CURL_ERROR_SIZE> said{};
  curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, said.data());
  Answer answer;
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, keep_body);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, &answer.body);

  curl_multi_add_handle(multi.get(), handle);
  int running = 1;
  while (running > 0 && !queue.out_of_time()) {
    if (curl_multi_perform(multi.get(), &running) != CURLM_OK) break;
    if (running > 0) curl_multi_poll(multi.get(), nullptr, 0, kLookMs, nullptr);
  }
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi.get(), &left)) {
    if (message->msg == CURLMSG_DONE) answer.code = message->data.result;
  }
  const bool long_one = answer.code == CURLE_WRITE_ERROR && answer.body.size() == kAnswerBytesMax;
  if (answer.code == CURLE_OK || long_one) {
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &answer.status);
    curl_off_t seconds = 0;
    curl_easy_getinfo(handle, CURLINFO_RETRY_AFTER, &seconds);
    const curl_off_t seconds_max = options.retry_delay_max.count() / 1000 + 1;
    answer.retry_after = std::chrono::seconds(std::min(seconds, seconds_max));
  }
  if (is_of_tls(answer.code)) answer.tls_problem = said.data();
  curl_multi_remove_handle(multi.get(), handle);
  curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, nullptr);
  return answer;
}

Result<std::unique_ptr<HttpSender>> HttpSender::create(Options options) {
  curl_once();
  QAIO_ASSIGN(std::string shown, shown_url(options.url));
  return std::unique_ptr<HttpSender>(
      new HttpSender(std::make_unique<Impl>(std::move(options), std::move(shown))));
}

HttpSender::HttpSender(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpSender::~HttpSender() = default;

bool HttpSender::send(HttpPost post) { return impl_->send(std::move(post)); }

void HttpSender::begin_stop() { impl_->queue.begin_stop(); }

HttpSendCounts HttpSender::counts() const {
  return {.sent = impl_->sent,
          .retried = impl_->retried,
          .failed = impl_->failed,
          .dropped = impl_->dropped};
}

}  // namespace qaio
