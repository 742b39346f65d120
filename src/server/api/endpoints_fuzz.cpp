// libFuzzer: any request to the endpoints as they are in the program, with a scripted model behind
// them. The first line is method and target, the rest the body.
//
// Whatever it is, there is one answer, soon, whole and in the endpoint's form; never 500.
#include <boost/json.hpp>
#include <deque>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include "base/fuzz_for_test.h"
#include "base/json.h"
#include "base/mutex.h"
#include "record/record_json.h"
#include "record/synthetic_record_for_test.h"
#include "server/api/api.h"
#include "server/observe/observe_api.h"
#include "tasks/scripted_model.h"

namespace qaio {
namespace {

constexpr std::chrono::seconds kAnswerTime{8};  // the fuzzer's own limit is 10 s

// The endpoint's work happens on the thread that waits for the answer, as on a connection's.
class FuzzCall final : public Call {
 public:
  FuzzCall(const Clock& clock, std::string_view method, std::string_view target,
           std::string_view body)
      : Call(clock) {
    const size_t query = std::min(target.find('?'), target.size());
    request_.method = method;
    request_.path = target.substr(0, query);
    request_.query = target.substr(std::min(query + 1, target.size()));
    request_.body = body;
    request_.client = "127.0.0.1";
    record_.request_id = "fuzz";
    record_.method = request_.method;
    record_.path = request_.path;
    record_.client_token_hash = 7;
    begin(clock.now_ns());
  }

  void set_parameter(std::string_view parameter) { request_.parameter = parameter; }

  void abandon() noexcept override { std::abort(); }
  void respond(HttpResponse response) override {
    const MutexLock lock(mutex_);
    if (complete_) return;  // as a connection has it: the first answer counts
    response_ = std::move(response);
    complete_ = true;
    changed_.notify_all();
  }
  void expect_long_wait() override {}
  void begin_stream(HttpResponse head) override {
    const MutexLock lock(mutex_);
    require(!response_);
    response_ = std::move(head);
    streams_ = true;
    changed_.notify_all();
  }
  void send(std::string chunk) override {
    const MutexLock lock(mutex_);
    require(streams_);
    if (!complete_) response_->body += chunk;
  }
  void end_stream() override {
    const MutexLock lock(mutex_);
    complete_ = true;
    changed_.notify_all();
  }
  void goes_on() override {
    const MutexLock lock(mutex_);
    goes_on_ = true;
  }
  void on_cancel(std::function<void()> cancel) override {
    const MutexLock lock(mutex_);
    cancel_ = std::move(cancel);
  }

  // A stream that would go on for ever is left by its client once it has begun.
  HttpResponse wait() {
    const auto deadline = std::chrono::steady_clock::now() + kAnswerTime;
    for (;;) {
      std::function<void()> next;
      {
        const MutexLock lock(mutex_);
        while (!complete_ && work_.empty() && !(goes_on_ && streams_)) {
          changed_.wait_until(mutex_, deadline);
          require(std::chrono::steady_clock::now() < deadline);
        }
        if (!work_.empty()) {
          next = std::move(work_.front());
          work_.pop_front();
        } else if (complete_) {
          return std::move(*response_);
        } else {
          next = std::exchange(cancel_, nullptr);
          goes_on_ = false;
        }
      }
      if (next) next();
    }
  }
  bool streams() {
    const MutexLock lock(mutex_);
    return streams_;
  }

 private:
  void post_work(std::function<void()> work) override {
    const MutexLock lock(mutex_);
    work_.push_back(std::move(work));
    changed_.notify_all();
  }

  Mutex mutex_;
  CondVar changed_;
  std::deque<std::function<void()>> work_ QAIO_GUARDED_BY(mutex_);
  std::optional<HttpResponse> response_ QAIO_GUARDED_BY(mutex_);
  std::function<void()> cancel_ QAIO_GUARDED_BY(mutex_);
  bool complete_ QAIO_GUARDED_BY(mutex_) = false;
  bool streams_ QAIO_GUARDED_BY(mutex_) = false;
  bool goes_on_ QAIO_GUARDED_BY(mutex_) = false;  // a stream that only its client ends
};

std::unique_ptr<Tokenizer> load_tokenizer() {
  std::ifstream file(QAIO_SOURCE_DIR "/tests/data/tokenizer.json");
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  return Tokenizer::from_json(text).value();
}

ScriptedModel::Script script_of(const Tokenizer& tokenizer) {
  ScriptedModel::Script script;
  script.reply = tokenizer.encode("好 ok");
  script.end = *tokenizer.special("<|im_end|>");
  script.favourite = tokenizer.encode("负面").front();
  return script;
}

struct Program {
  const SteadyClock& clock = SteadyClock::instance();
  ApiLimits limits{.new_tokens_max = 64};
  TaskRegistry tasks = TaskRegistry::built_in();
  BackendSlot slot;
  std::unique_ptr<Tokenizer> tokenizer = load_tokenizer();
  ScriptedModel model{script_of(*tokenizer), tokenizer->size()};
  Engine engine{model, *tokenizer, clock,
                EngineOptions{.end_tokens = {*tokenizer->special("<|im_end|>")}}};
  std::unique_ptr<Pipeline> pipeline =
      Pipeline::create(tasks, engine, *tokenizer, clock, ChatTemplate::chatml()).value();

  RecentRecords recent{8};
  LiveStats stats{clock};
  LiveSeries live{clock};
  PrometheusMetrics metrics;
  SloMonitor slo{{SloRule()}, {}, clock};
  ServerState state;
  LiveEvents live_events{live, slo, clock, [this] { return state; }};
  ClientReports clients{
      {.wait = std::chrono::milliseconds(0)}, recent, [](const RecordPtr&) {}, clock};
  WorkerThread reports{4};
  WorkerThread searches{4};
  Observer observer{{}, {&recent, &clients, &stats, &live, &metrics, &slo, &live_events}};
  Router router;

  Program() {
    slot.set(std::make_shared<Backend>(
        Backend{pipeline.get(), &tasks, tokenizer.get(), model.info(), &engine}));
    add_api(router, slot, limits);
    add_observe_api(router, {.observer = &observer,
                             .recent = &recent,
                             .clients = &clients,
                             .stats = &stats,
                             .live = &live,
                             .live_events = &live_events,
                             .metrics = &metrics,
                             .slo = &slo,
                             .state = [this] { return state; },
                             .steps =
                                 [this](TimeNs from_ns, TimeNs until_ns) {
                                   return engine.steps().between(from_ns, until_ns);
                                 },
                             .reports = &reports,
                             .searches = &searches});
    for (uint64_t n = 1; n <= 6; ++n) {
      RequestRecord record = synthetic_record(n);
      record.client_token_hash = 7;
      observer.push(std::move(record));
    }
    observer.flush();
  }
};

void check_events(std::string_view body) {
  while (!body.empty()) {
    const size_t end = body.find("\n\n");
    require(end != std::string_view::npos);  // every event is whole
    std::string_view event = body.substr(0, end);
    body.remove_prefix(end + 2);
    for (bool last = false; !last;) {
      const size_t line_end = std::min(event.find('\n'), event.size());
      last = line_end == event.size();
      std::string_view line = event.substr(0, line_end);
      if (!last) event.remove_prefix(line_end + 1);
      if (!line.starts_with("data: ") || line == "data: [DONE]") continue;
      require(parse_json(line.substr(6), "event", 100).has_value());
    }
  }
}

void check_answer(const HttpResponse& response, std::string body, bool streams) {
  require(response.status >= 200 && response.status < 600 && response.status != 500);
  while (response.next_piece) {
    const std::string piece = response.next_piece();
    if (piece.empty()) break;
    body += piece;
  }
  if (streams) {
    if (response.content_type == "text/event-stream") check_events(body);
    return;
  }
  if (response.status >= 400) {
    const auto json = parse_json(body, "error", 100);
    require(json && json->is_object());
    boost::system::error_code ec;
    const auto* code = json->find_pointer("/error/code", ec);
    const auto* message = json->find_pointer("/error/message", ec);
    require(code != nullptr && message != nullptr && !message->get_string().empty());
    require(!response.error_code.empty());
  } else if (response.content_type == "application/json" && !body.empty()) {
    require(parse_json(body, "answer", 150).has_value());
  }
}

}  // namespace
}  // namespace qaio

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace qaio;
  static Program& program = *new Program;  // its threads go on until the process ends
  FuzzInput input(data, size);
  const std::string_view method = input.part(' ');
  const std::string_view target = input.part('\n');
  const auto call = std::make_shared<FuzzCall>(program.clock, method, target, input.rest());
  const Router::Match match = program.router.match(method, call->request().path);
  if (match.handler == nullptr) return 0;
  call->set_parameter(match.parameter);
  (*match.handler)(call);
  const HttpResponse response = call->wait();
  check_answer(response, response.body, call->streams());
  // What is kept of it can be kept: its record as JSON.
  call->take_figures();
  const auto again = parse_record(record_line(call->record()));
  require(again && record_line(*again) == record_line(call->record()));
  return 0;
}
