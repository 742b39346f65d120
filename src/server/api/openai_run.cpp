#include "server/api/openai_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/secure_random.h"
#include "server/api/breakdown.h"
#include "server/api/endpoints.h"
#include "server/api/openai_answer.h"
#include "server/api/run_tasks.h"
#include "server/http/event_stream.h"
#include "tasks/chat_prompt.h"

namespace qaio {
namespace {

// Of legacy completions that do not say, as at OpenAI's.
constexpr int kCompletionTokens = 16;

constexpr std::string_view kTooLong = "context_length_exceeded";

// The engine's name of a field as the client knows it.
Error in_openai_terms(Error error, const OpenAiRequest& request) {
  if (error.field == "prompt") {
    error.field = request.chat ? "messages" : "prompt";
  } else if (error.field == "labels") {
    error.field = request.choices_name;
  } else if (error.field == "max_new_tokens") {
    error.field = request.max_tokens_name;
  }
  return error;
}

// Lives as long as the engine's callbacks; but for start(), everything happens on the connection's
// executor.
class OpenAiRun : public std::enable_shared_from_this<OpenAiRun> {
 public:
  OpenAiRun(std::shared_ptr<Call> call, std::shared_ptr<const Backend> backend,
            OpenAiRequest request)
      : call_(std::move(call)),
        backend_(std::move(backend)),
        request_(std::move(request)),
        answer_(request_, *backend_->tokenizer, call_->record().request_id, backend_->served_name(),
                backend_->fingerprint, call_->record().arrived_unix_ms / 1000) {
    if (request_.chat) {
      call_->record_input(request_.messages.back().text);
    } else if (const auto* text = std::get_if<std::string>(&request_.prompt)) {
      call_->record_input(*text);
    }
  }

  void start(const ApiLimits& limits);

 private:
  Result<Prompt> build_prompt(size_t tokens_max, Lane& lane) const;
  Result<EngineRequest> prepare(const ApiLimits& limits, Lane lane);
  int new_tokens(size_t prompt_tokens, const ApiLimits& limits) const;
  Result<void> check_length(const EngineRequest& request) const;
  std::string_view code_of(const Error& error) const;
  void piece(std::string_view text, std::span<const GeneratedToken> tokens);
  void finish(const Result<EngineResult>& result, const EngineTrace& trace);
  void record(const Result<EngineResult>& result, const EngineTrace& trace);
  void respond(const EngineResult& result, const EngineTrace& trace);
  void end_stream(const EngineResult& result, const EngineTrace& trace);
  void fail_with(const Error& error) { fail_with(error, error_code_name(error.code)); }
  void fail_with(const Error& error, std::string_view code);
  void open_stream();
  void name_ignored(HttpResponse& response) const;
  void send(std::string_view data);

  const std::shared_ptr<Call> call_;
  const std::shared_ptr<const Backend> backend_;
  const OpenAiRequest request_;
  OpenAiAnswer answer_;
  bool prompt_refused_ = false;
  bool streaming_ = false;  // the head is out: an error is an event from now on
  bool said_ = false;       // a piece of the answer was sent
  size_t tokens_sent_ = 0;
  std::optional<GenerationSettings> settings_;  // of a job that generates
};

Result<Prompt> OpenAiRun::build_prompt(size_t tokens_max, Lane& lane) const {
  const Tokenizer& tokenizer = *backend_->tokenizer;
  const Clock& clock = call_->clock();
  if (!request_.chat) {
    Prompt prompt;
    if (const auto* ids = std::get_if<std::vector<TokenId>>(&request_.prompt)) {
      prompt.ids = *ids;
    } else {
      prompt.ids =
          tokenizer.encode_with_special(std::get<std::string>(request_.prompt), tokens_max);
      lane.lap(Stage::kTokenize, clock.now_ns());
    }
    prompt.input_tokens = static_cast<int>(prompt.ids.size());
    return prompt;
  }
  const ChatTemplate& chat = backend_->pipeline->chat_template();
  QAIO_RETURN_IF_ERROR(check_thinking(request_.thinking, chat));
  // A choice stands where the answer begins.
  const TemplateOptions options{.close_thought = !request_.choices.empty()};
  // A system text that the chat task was given stands in for one that is missing; else the template
  // has its own or none.
  const TaskDefinition* task = backend_->tasks->find("chat");
  if (request_.messages.front().role == Role::kSystem || task == nullptr || task->system.empty()) {
    return build_chat_prompt(request_.messages, chat, options, tokenizer, tokens_max, lane, clock);
  }
  std::vector<Message> messages = {{Role::kSystem, task->system}};
  messages.insert(messages.end(), request_.messages.begin(), request_.messages.end());
  return build_chat_prompt(messages, chat, options, tokenizer, tokens_max, lane, clock);
}

Result<EngineRequest> OpenAiRun::prepare(const ApiLimits& limits, Lane lane) {
  const int positions = backend_->engine->positions_max();
  EngineRequest out;
  Result<Prompt> built = build_prompt(static_cast<size_t>(positions), lane);
  prompt_refused_ = !built;
  QAIO_ASSIGN(Prompt prompt, std::move(built));
  call_->record().input_tokens = prompt.input_tokens;
  out.prompt = std::move(prompt.ids);
  out.deadline_ns = call_->deadline_ns(request_.time);
  out.client = call_->request().client_key;
  if (!request_.choices.empty()) {
    ClassifyJob job;
    for (const std::string& choice : request_.choices) {
      job.labels.push_back(backend_->tokenizer->encode(choice, static_cast<size_t>(positions)));
    }
    out.job = std::move(job);
  } else {
    GenerateJob job;
    job.sampling = request_.sampling;
    job.sampling.seed = request_.seed ? *request_.seed : secure_random();
    job.max_new_tokens = new_tokens(out.prompt.size(), limits);
    job.ignore_eos = request_.ignore_eos;
    job.stops = request_.stops;
    job.logprobs = request_.logprobs;
    settings_ = settings_of(job.max_new_tokens, job.sampling);
    out.job = std::move(job);
  }
  out.lane = lane;
  QAIO_RETURN_IF_ERROR(check_length(out));
  return out;
}

// What was asked for, cut to what there may be.
int OpenAiRun::new_tokens(size_t prompt_tokens, const ApiLimits& limits) const {
  const int room = backend_->engine->positions_free() - static_cast<int>(prompt_tokens);
  const int most = std::clamp(room, 1, limits.new_tokens_bound());
  const int named = request_.max_new_tokens.value_or(request_.chat ? limits.new_tokens_default
                                                                   : kCompletionTokens);
  if (named == kAsManyAsFit) return most;
  return limits.strict_lengths && request_.max_new_tokens ? named : std::min(named, most);
}

// Before the engine would, in the words that OpenAI's clients look for.
Result<void> OpenAiRun::check_length(const EngineRequest& request) const {
  const int positions = backend_->engine->positions_max();
  const int64_t needed = positions_needed(request);
  if (needed <= positions) return {};
  const auto prompt = static_cast<int64_t>(request.prompt.size());
  Error error{ErrorCode::kInvalidArgument,
              {},
              field_too_long(prompt < positions, !request_.choices.empty())};
  error = in_openai_terms(std::move(error), request_);
  error.message = fmt::format(
      "this model's maximum context length is {} tokens, but {}{} were requested: {} in the "
      "{} and {} for the answer; reduce '{}'{}",
      positions, prompt > positions ? "at least " : "", needed, prompt,
      request_.chat ? "messages" : "prompt", needed - prompt, error.field,
      memory_advice(*backend_));
  return tl::unexpected<Error>(std::move(error));
}

void OpenAiRun::start(const ApiLimits& limits) {
  Lane lane;
  lane.start(call_->boundary_ns());
  Result<EngineRequest> request = prepare(limits, lane);
  if (!request) return fail_with(request.error(), code_of(request.error()));
  if (request_.stream && request_.choices.empty()) {
    request->on_text = [self = shared_from_this()](std::string_view text,
                                                   std::span<const GeneratedToken> tokens) {
      self->call_->post([self, text = std::string(text),
                         tokens = std::vector<GeneratedToken>(tokens.begin(), tokens.end())] {
        self->piece(text, tokens);
      });
    };
  }
  request->on_done = [self = shared_from_this()](Result<EngineResult> result,
                                                 const EngineTrace& trace) {
    EngineTrace ended = trace;
    ended.lane.finish(ended.lane.last_ns());
    self->call_->post([self, result = std::move(result), ended] { self->finish(result, ended); });
  };
  const Result<EngineRequestId> id = backend_->engine->submit(std::move(*request));
  if (!id) return fail_with(id.error());
  call_->on_cancel([backend = backend_, id = *id] { backend->engine->cancel(id); });
  if (!request_.stream) return call_->expect_long_wait();
  call_->post([self = shared_from_this()] { self->open_stream(); });
}

// As soon as the engine has taken the request: a client hears that it is being worked on.
void OpenAiRun::open_stream() {
  if (std::exchange(streaming_, true)) return;
  HttpResponse head = event_stream_head();
  name_ignored(head);
  call_->begin_stream(std::move(head));
}

// Members without effect are no error, but whoever wonders can see them.
void OpenAiRun::name_ignored(HttpResponse& response) const {
  if (request_.ignored.empty()) return;
  response.headers.push_back(
      {"X-Ignored-Fields", fmt::format("{}", fmt::join(request_.ignored, ", "))});
}

void OpenAiRun::send(std::string_view data) {
  open_stream();
  call_->send(data_event(data));
}

void OpenAiRun::piece(std::string_view text, std::span<const GeneratedToken> tokens) {
  said_ = true;
  tokens_sent_ += tokens.size();
  send(answer_.piece(text, tokens));
}

void OpenAiRun::finish(const Result<EngineResult>& result, const EngineTrace& trace) {
  call_->let_go();
  call_->lap_until(Stage::kTasks, std::min(std::max(trace.lane.end_ns(), call_->boundary_ns()),
                                           call_->clock().now_ns()));
  record(result, trace);
  if (!result) return fail_with(result.error(), code_of(result.error()));
  request_.stream ? end_stream(*result, trace) : respond(*result, trace);
}

void OpenAiRun::record(const Result<EngineResult>& result, const EngineTrace& trace) {
  TaskRecord& task = call_->record().tasks.emplace_back();
  task.task = request_.chat ? "chat" : "completion";
  task.lane = trace.lane;
  task.counters = trace.counters;
  task.settings = settings_;
  task.response_id = answer_.id();
  if (!result) {
    task.error_code = error_code_name(result.error().code);
    return;
  }
  task.finish_reason = finish_reason_name(result->finish_reason);
  task.output_text = answer_.text_of(*result);
  if (!request_.choices.empty()) {
    // No label: those of a task are the operator's words, a choice is the user's text.
    task.score = *std::ranges::max_element(result->label_probabilities);
  }
}

void OpenAiRun::respond(const EngineResult& result, const EngineTrace& trace) {
  HttpResponse response;
  response.body = answer_.whole(result, trace);
  call_->take_figures(Stage::kSerialize);
  response.headers.push_back({"Server-Timing", server_timing(make_breakdown(call_->record()))});
  name_ignored(response);
  call_->lap(Stage::kSerialize);
  call_->respond(std::move(response));
}

void OpenAiRun::end_stream(const EngineResult& result, const EngineTrace& trace) {
  if (!request_.choices.empty()) {
    piece(answer_.text_of(result), {});
  } else if (const auto rest = std::span(result.tokens).subspan(tokens_sent_);
             !rest.empty() || !said_) {
    piece({}, rest);  // tokens without a text of their own, or no token at all
  }
  send(answer_.end(result, trace));
  if (request_.include_usage) send(answer_.usage(trace));
  send("[DONE]");
  call_->end_stream();
}

// Of what the engine took, only its length can be wrong; of what was not taken, the template or the
// wish to think may have refused something else.
std::string_view OpenAiRun::code_of(const Error& error) const {
  const bool length = error.code == ErrorCode::kInvalidArgument && !prompt_refused_;
  return length ? kTooLong : error_code_name(error.code);
}

void OpenAiRun::fail_with(const Error& error, std::string_view code) {
  call_->let_go();
  const Error named = in_openai_terms(error, request_);
  HttpResponse response = error_response(http_status(error.code), code, named.message, named.field);
  if (!streaming_) {
    call_->respond(std::move(response));
    return;
  }
  call_->record().error_code = response.error_code;
  send(response.body);
  call_->end_stream();
}

}  // namespace

void run_openai(const std::shared_ptr<Call>& call, const std::shared_ptr<const Backend>& backend,
                OpenAiRequest request, const ApiLimits& limits) {
  call->lap(Stage::kParse);
  std::make_shared<OpenAiRun>(call, backend, std::move(request))->start(limits);
}

}  // namespace qaio
