#include "server/api/openai_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/secure_random.h"
#include "server/api/endpoints.h"
#include "server/api/openai_answer.h"
#include "server/api/request_runner.h"
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

class OpenAiRunner final : public RequestRunner {
 public:
  OpenAiRunner(std::shared_ptr<Call> call, const std::shared_ptr<const Backend>& backend,
               OpenAiRequest request, const ApiLimits& limits)
      : RequestRunner(std::move(call), backend, request.stream),
        request_(std::move(request)),
        limits_(limits),
        answer_(request_, *backend->tokenizer, this->call().record().request_id,
                backend->served_name(), backend->fingerprint,
                this->call().record().arrived_unix_ms / 1000) {
    if (request_.chat) {
      this->call().record_input(request_.messages.back().text);
    } else if (const auto* text = std::get_if<std::string>(&request_.prompt)) {
      this->call().record_input(*text);
    }
    outcome_.task = request_.chat ? "chat" : "completion";
    outcome_.kind = request_.choices.empty() ? TaskKind::kGenerate : TaskKind::kClassify;
  }

 private:
  Result<Cancel> start() override;
  Result<Prompt> build_prompt(size_t tokens_max, StageLane& lane) const;
  Result<EngineRequest> prepare();
  int new_tokens(size_t prompt_tokens) const;
  Result<void> check_length(const EngineRequest& request) const;
  void done(Result<EngineResult> result, const EngineTrace& trace);
  void send_piece(std::string_view text, std::span<const GeneratedToken> tokens);

  void write_answer(const RequestOutcome&, JsonWriter& json) override {
    answer_.write_whole(result_, trace_, json);
  }
  void write_figures(const Breakdown&, JsonWriter&) override {}  // OpenAI's clients know none
  void send_end(const RequestOutcome& outcome) override;
  HttpResponse error_answer(const Error& error) const override;
  std::string error_event(std::string_view body) const override { return data_event(body); }
  void add_headers(HttpResponse& response) const override;
  std::string_view response_id() const override { return answer_.id(); }

  const OpenAiRequest request_;
  const ApiLimits limits_;
  OpenAiAnswer answer_;
  bool can_only_be_too_long_ = false;  // what is invalid, as everything else was checked
  size_t tokens_sent_ = 0;
  TaskOutcome outcome_;
  EngineResult result_;  // once done
  EngineTrace trace_;
};

Result<Prompt> OpenAiRunner::build_prompt(size_t tokens_max, StageLane& lane) const {
  const Tokenizer& tokenizer = *backend()->tokenizer;
  const Clock& clock = call().clock();
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
  const ChatTemplate& chat = backend()->pipeline->chat_template();
  TemplateOptions options{.think = request_.thinking.think.value_or(chat.thinks_by_default())};
  if (!request_.choices.empty()) {
    QAIO_RETURN_IF_ERROR(
        refuse_thinking(request_.thinking, "a choice stands where its answer begins"));
    options = {.think = false, .close_thought = true};
  }
  // A system text that the chat task was given stands in for one that is missing; else the template
  // has its own or none.
  const TaskDefinition* task = backend()->tasks->find("chat");
  if (request_.messages.front().role == Role::kSystem || task == nullptr || task->system.empty()) {
    return build_chat_prompt(request_.messages, chat, options, tokenizer, tokens_max, lane, clock);
  }
  std::vector<Message> messages = {{Role::kSystem, task->system}};
  messages.insert(messages.end(), request_.messages.begin(), request_.messages.end());
  return build_chat_prompt(messages, chat, options, tokenizer, tokens_max, lane, clock);
}

Result<EngineRequest> OpenAiRunner::prepare() {
  StageLane lane;
  lane.start(call().boundary_ns());
  const int positions = backend()->engine->positions_max();
  EngineRequest out;
  QAIO_ASSIGN(Prompt prompt, build_prompt(static_cast<size_t>(positions), lane));
  answer_.begin(prompt.text_start);
  can_only_be_too_long_ = true;
  call().record().input_tokens = prompt.input_tokens;
  out.prompt = std::move(prompt.ids);
  out.deadline_ns = call().deadline_ns(request_.time);
  out.client = call().request().client_key;
  if (!request_.choices.empty()) {
    std::vector<std::vector<TokenId>> labels;
    for (const std::string& choice : request_.choices) {
      labels.push_back(backend()->tokenizer->encode(choice, static_cast<size_t>(positions)));
    }
    out.job = ClassifyJob::of(std::move(labels));
  } else {
    GenerateJob job;
    job.sampling = request_.sampling;
    job.sampling.seed = seed_or_random(request_.seed);
    job.max_new_tokens = new_tokens(out.prompt.size());
    job.ignore_eos = request_.ignore_eos;
    job.stops = request_.stops;
    job.logprobs = request_.logprobs;
    outcome_.max_new_tokens = job.max_new_tokens;
    outcome_.sampling = job.sampling;
    out.job = std::move(job);
  }
  out.lane = lane;
  QAIO_RETURN_IF_ERROR(check_length(out));
  return out;
}

// What was asked for, cut to what there may be.
int OpenAiRunner::new_tokens(size_t prompt_tokens) const {
  const int room = backend()->engine->positions_free() - static_cast<int>(prompt_tokens);
  const int most = std::clamp(room, 1, limits_.new_tokens_bound());
  const int named = request_.max_new_tokens.value_or(request_.chat ? limits_.new_tokens_default
                                                                   : kCompletionTokens);
  if (named == kAsManyAsFit) return most;
  return limits_.strict_lengths && request_.max_new_tokens ? named : std::min(named, most);
}

// Before the engine would, in the words that OpenAI's clients look for.
Result<void> OpenAiRunner::check_length(const EngineRequest& request) const {
  const int positions = backend()->engine->positions_max();
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
      memory_advice(*backend()));
  return tl::unexpected<Error>(std::move(error));
}

Result<RequestRunner::Cancel> OpenAiRunner::start() {
  QAIO_ASSIGN(EngineRequest request, prepare());
  if (streams() && request_.choices.empty()) {
    request.on_text = [this, self = shared_from_this()](std::string_view text,
                                                        std::span<const GeneratedToken> tokens) {
      call().post([this, self, text = std::string(text),
                   tokens = std::vector<GeneratedToken>(tokens.begin(), tokens.end())] {
        send_piece(text, tokens);
      });
    };
  }
  request.on_done = [this, self = shared_from_this()](Result<EngineResult> result,
                                                      const EngineTrace& trace) {
    call().post([this, self, result = std::move(result), trace]() mutable {
      done(std::move(result), trace);
    });
  };
  const Result<EngineRequestId> id = backend()->engine->submit(std::move(request));
  if (!id) {
    can_only_be_too_long_ = false;
    return tl::unexpected<Error>(id.error());
  }
  return [backend = backend(), id = *id] { backend->engine->cancel(id); };
}

void OpenAiRunner::done(Result<EngineResult> result, const EngineTrace& trace) {
  outcome_.lane = trace.lane;
  outcome_.lane.finish(outcome_.lane.last_ns());
  outcome_.counters = trace.counters;
  RequestOutcome outcome;
  if (result) {
    outcome_.finish_reason = result->finish_reason;
    outcome_.text = answer_.whole(*result).answer;
    if (!request_.choices.empty()) {
      // No label: those of a task are the operator's words, a choice is the user's text.
      outcome_.score = std::ranges::max(choice_probabilities(*result));
    }
    result_ = std::move(*result);
  } else {
    outcome.error = outcome_.error = std::move(result.error());
  }
  trace_ = trace;
  outcome.tasks.push_back(std::move(outcome_));
  finish(outcome);
}

// Members without effect are no error, but whoever wonders can see them.
void OpenAiRunner::add_headers(HttpResponse& response) const {
  if (request_.ignored.empty()) return;
  response.headers.push_back(
      {"X-Ignored-Fields", fmt::format("{}", fmt::join(request_.ignored, ", "))});
}

void OpenAiRunner::send_piece(std::string_view text, std::span<const GeneratedToken> tokens) {
  tokens_sent_ += tokens.size();
  if (const std::string piece = answer_.piece(text, tokens); !piece.empty())
    send(data_event(piece));
}

void OpenAiRunner::send_end(const RequestOutcome&) {
  if (!request_.choices.empty()) send_piece(answer_.whole(result_).answer, {});
  // what was held back, tokens without a text of their own, or no token at all
  const std::string rest = answer_.rest(std::span(result_.tokens).subspan(tokens_sent_));
  if (!rest.empty()) send(data_event(rest));
  send(data_event(answer_.end(result_, trace_)));
  if (request_.include_usage) send(data_event(answer_.usage(trace_)));
  send(data_event("[DONE]"));
}

HttpResponse OpenAiRunner::error_answer(const Error& error) const {
  const bool too_long = error.code == ErrorCode::kInvalidArgument && can_only_be_too_long_;
  const Error named = in_openai_terms(error, request_);
  return error_response(http_status(error.code), too_long ? kTooLong : error_code_name(error.code),
                        named.message, named.field);
}

}  // namespace

void run_openai(const std::shared_ptr<Call>& call, const std::shared_ptr<const Backend>& backend,
                OpenAiRequest request, const ApiLimits& limits) {
  std::make_shared<OpenAiRunner>(call, backend, std::move(request), limits)->run();
}

}  // namespace qaio
