#include "net/http_sender.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>

namespace qaio {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;
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

// Takes all there is and keeps the beginning.
size_t keep_body(char* data, size_t size, size_t count, void* user) {
  auto& body = *static_cast<std::string*>(user);
  const size_t bytes = size * count;
  try {
    body.append(data, std::min(bytes, kAnswerBytesMax - body.size()));
  } catch (const std::exception&) {  // nothing may be thrown through libcurl: the attempt failed
    return 0;
  }
  return bytes;
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

  bool ok() const { return status >= 200 && status < 300; }
  bool worth_retrying(const HttpSender::Options& options) const {
    if (status == 0) return true;
    if (options.retries) return options.retries(static_cast<int>(status));
    return status == 408 || status == 429 || status >= 500;
  }
  std::string problem() const {
    return status == 0 ? std::string(curl_easy_strerror(code))
                       : fmt::format("it answered {}", status);
  }
};

}  // namespace

struct HttpSender::Impl {
  Impl(Options options_, std::string shown_)
      : options(std::move(options_)),
        shown(std::move(shown_)),
        multi(curl_multi_init()),
        easy(curl_easy_init()),
        thread([this] { run(); }) {}
  ~Impl();

  bool send(HttpPost post);
  void begin_stop();

  void run();
  std::optional<HttpPost> next();
  void drop_rest();
  void deliver(const HttpPost& post);
  Answer attempt(const HttpPost& post);
  HeaderList headers_of(const HttpPost& post) const;
  bool out_of_time() const;  // stopping, and what there was to drain has taken too long
  void sleep(milliseconds time);
  void give_up(const HttpPost& post, const Answer& answer, int attempts);
  void report(const std::string& problem) const {
    if (options.on_problem) options.on_problem(problem);
  }

  const Options options;
  const std::string shown;
  const Multi multi;
  const Easy easy;
  bool failing = false;  // of the thread: the last attempt did

  // A post counts when everyone has heard of its end.
  std::atomic<uint64_t> sent = 0;
  std::atomic<uint64_t> retried = 0;
  std::atomic<uint64_t> failed = 0;
  std::atomic<uint64_t> dropped = 0;

  mutable std::mutex mutex;  // of everything below
  std::condition_variable wake;
  std::deque<HttpPost> queue;
  size_t queue_bytes = 0;
  bool overflowing = false;
  std::optional<SteadyTime> stop_at;  // set: stopping

  std::thread thread;  // last: it uses the rest
};

HttpSender::Impl::~Impl() {
  begin_stop();
  thread.join();
}

void HttpSender::Impl::begin_stop() {
  {
    const std::lock_guard lock(mutex);
    if (!stop_at) stop_at = std::chrono::steady_clock::now() + options.drain_time;
  }
  wake.notify_all();
}

bool HttpSender::Impl::send(HttpPost post) {
  const size_t bytes = post.body.size();
  bool first_lost = false;
  std::optional<HttpPost> lost;  // hears of it without the lock
  {
    const std::lock_guard lock(mutex);
    if (!stop_at && queue.size() < options.queue_posts_max && bytes <= options.queue_bytes_max &&
        queue_bytes <= options.queue_bytes_max - bytes) {
      queue.push_back(std::move(post));
      queue_bytes += bytes;
    } else {
      lost = std::move(post);
    }
    first_lost = lost && !overflowing;
    overflowing = lost.has_value();
  }
  if (!lost) {
    wake.notify_one();
    return true;
  }
  ++dropped;
  end_post(*lost, HttpSendResult::Outcome::kDropped);
  if (first_lost) report(fmt::format("{} takes less than is to be sent: some is lost", shown));
  return false;
}

void HttpSender::Impl::run() {
  while (const std::optional<HttpPost> post = next()) {
    try {
      deliver(*post);
    } catch (const std::exception&) {  // out of memory for what was to be said of its end
      ++failed;
    }
  }
  drop_rest();
}

// Waits for a post. None: the end, and nothing is left, or no time for it.
std::optional<HttpPost> HttpSender::Impl::next() {
  std::unique_lock lock(mutex);
  wake.wait(lock, [&] { return !queue.empty() || stop_at; });
  if (queue.empty() || (stop_at && std::chrono::steady_clock::now() >= *stop_at)) return {};
  HttpPost post = std::move(queue.front());
  queue.pop_front();
  queue_bytes -= post.body.size();
  return post;
}

// At the end, when nothing is queued any more. Without the lock, as what hears of it may call here.
void HttpSender::Impl::drop_rest() {
  std::deque<HttpPost> rest;
  {
    const std::lock_guard lock(mutex);
    rest.swap(queue);
    queue_bytes = 0;
  }
  if (rest.empty()) return;
  try {
    for (const HttpPost& post : rest) end_post(post, HttpSendResult::Outcome::kDropped);
    report(fmt::format("{} not sent to {} before the end", rest.size(), shown));
  } catch (const std::exception&) {  // out of memory for what was to be said of their end
  }
  dropped += rest.size();
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
    if (!answer.worth_retrying(options) || attempts == options.attempts_max || out_of_time()) {
      give_up(post, answer, attempts);
      return;
    }
    if (!std::exchange(failing, true) && options.on_retry) {
      options.on_retry(fmt::format("posting to {}: {}; trying again", shown, answer.problem()));
    }
    sleep(std::min(std::max(delay, answer.retry_after), options.retry_delay_max));
    if (out_of_time()) {
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
  curl_easy_setopt(handle, CURLOPT_USERAGENT, "qaio/" QAIO_VERSION);
  curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(handle, CURLOPT_POST, 1L);
  curl_easy_setopt(handle, CURLOPT_POSTFIELDS, post.body.data());
  curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(post.body.size()));
  curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(options.timeout.count()));
  Answer answer;
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, keep_body);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, &answer.body);

  curl_multi_add_handle(multi.get(), handle);
  int running = 1;
  while (running > 0 && !out_of_time()) {
    if (curl_multi_perform(multi.get(), &running) != CURLM_OK) break;
    if (running > 0) curl_multi_poll(multi.get(), nullptr, 0, kLookMs, nullptr);
  }
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi.get(), &left)) {
    if (message->msg == CURLMSG_DONE) answer.code = message->data.result;
  }
  if (answer.code == CURLE_OK) {
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &answer.status);
    curl_off_t seconds = 0;
    curl_easy_getinfo(handle, CURLINFO_RETRY_AFTER, &seconds);
    const curl_off_t seconds_max = options.retry_delay_max.count() / 1000 + 1;
    answer.retry_after = std::chrono::seconds(std::min(seconds, seconds_max));
  }
  curl_multi_remove_handle(multi.get(), handle);
  return answer;
}

bool HttpSender::Impl::out_of_time() const {
  const std::lock_guard lock(mutex);
  return stop_at && std::chrono::steady_clock::now() >= *stop_at;
}

// While stopping not beyond the time to drain.
void HttpSender::Impl::sleep(milliseconds time) {
  const SteadyTime until = std::chrono::steady_clock::now() + time;
  std::unique_lock lock(mutex);
  const auto passed = [&] {
    const SteadyTime now = std::chrono::steady_clock::now();
    return now >= until || (stop_at && now >= *stop_at);
  };
  while (!passed()) wake.wait_until(lock, stop_at ? std::min(until, *stop_at) : until);
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

void HttpSender::begin_stop() { impl_->begin_stop(); }

HttpSendCounts HttpSender::counts() const {
  return {.sent = impl_->sent,
          .retried = impl_->retried,
          .failed = impl_->failed,
          .dropped = impl_->dropped};
}

}  // namespace qaio
