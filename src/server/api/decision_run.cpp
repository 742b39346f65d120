#include "server/api/decision_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "server/api/decision_answer.h"
#include "server/api/endpoints.h"
#include "server/api/request_runner.h"
#include "tasks/decision.h"
#include "tasks/decision_wording.h"

namespace qaio {
namespace {

class DecisionRunner final : public RequestRunner {
 public:
  DecisionRunner(std::shared_ptr<Call> call, const std::shared_ptr<const Backend>& backend,
                 DecisionRequest request)
      : RequestRunner(std::move(call), backend, false), request_(std::move(request)) {
    this->call().record_input(request_.state);
    outcome_.task = "decision";
    outcome_.kind = TaskKind::kDecide;
  }

 private:
  Result<Cancel> start() override;
  void done(Result<EngineResult> result, const EngineTrace& trace);
  DecisionUsage usage() const;

  void write_answer(const RequestOutcome&, JsonWriter& json) override {
    write_decision_answer(request_, backend()->served_name(), kDecisionPromptVersion, answers_,
                          usage(), json);
  }
  void write_figures(const Breakdown&, JsonWriter&) override {}  // strict clients take no others
  void send_end(const RequestOutcome&) override {}               // nothing is streamed
  std::string error_event(std::string_view body) const override { return std::string(body); }
  HttpResponse error_answer(const Error& error) const override;
  void add_headers(HttpResponse& response) const override;

  const DecisionRequest request_;
  Decision decision_;  // once prepared
  TaskOutcome outcome_;
  std::vector<Answer> answers_;  // once done
};

Result<RequestRunner::Cancel> DecisionRunner::start() {
  StageLane lane;
  lane.start(call().boundary_ns());
  const auto positions = static_cast<size_t>(backend()->engine->positions_max());
  QAIO_ASSIGN(decision_, Decision::build({.state = request_.state,
                                          .system = request_.system,
                                          .questions = request_.questions},
                                         backend()->pipeline->chat_template(),
                                         *backend()->tokenizer, positions, lane, call().clock()));
  call().record().input_tokens = outcome_.input_tokens = decision_.state_tokens();
  if (!decision_.needs_engine()) {
    call().post([this, self = shared_from_this(), lane] {
      EngineResult nothing;
      nothing.finish_reason = FinishReason::kScored;
      done(std::move(nothing), {.lane = lane, .counters = {}});
    });
    return Cancel([] {});
  }
  EngineRequest request;
  request.prompt = decision_.take_prompt();
  request.job = decision_.take_job();
  request.deadline_ns = call().deadline_ns(request_.time);
  request.client = call().request().client_key;
  request.lane = lane;
  request.on_done = [this, self = shared_from_this()](Result<EngineResult> result,
                                                      const EngineTrace& trace) {
    call().post([this, self, result = std::move(result), trace]() mutable {
      done(std::move(result), trace);
    });
  };
  QAIO_ASSIGN(const EngineRequestId id, backend()->engine->submit(std::move(request)));
  return Cancel([backend = backend(), id] { backend->engine->cancel(id); });
}

void DecisionRunner::done(Result<EngineResult> result, const EngineTrace& trace) {
  outcome_.lane = trace.lane;
  outcome_.counters = trace.counters;
  RequestOutcome outcome;
  if (result) {
    outcome_.finish_reason = result->finish_reason;
    answers_ = decision_.answers(result->label_scores, backend()->calibration);
    outcome_.text = summary_text(request_, answers_);
  } else {
    outcome.error = outcome_.error = std::move(result.error());
  }
  outcome_.lane.finish(outcome_.lane.last_ns());
  outcome.tasks.push_back(outcome_);
  finish(outcome);
}

// Computed were the state, once, and what each question adds to it.
DecisionUsage DecisionRunner::usage() const {
  const TaskCounters& counters = outcome_.counters;
  const int64_t computed =
      int64_t{counters.prompt_tokens} - counters.cached_tokens + counters.question_tokens;
  return {.input_tokens = decision_.prompt_tokens(),
          .cached_tokens = std::max<int64_t>(0, decision_.prompt_tokens() - computed)};
}

// What the layers below find fault with, as the client knows it. What the request says was checked
// before: it is the text that is too long, or an option that this vocabulary cannot tell apart.
HttpResponse DecisionRunner::error_answer(const Error& error) const {
  const bool map = request_.api == DecisionApi::kSystemOne;
  std::string_view code = error_code_name(error.code);
  std::string message = error.message;
  std::string field = error.field;
  if (field == "state" || field == "prompt" || field == "labels") {
    // Where the prompt fits, options do not, which are computed behind it; of several questions the
    // engine does not say whose.
    if (field != "labels") {
      field = map ? "state" : "input";
    } else {
      field = request_.echoes.size() == 1 ? request_.echoes[0].path : "questions";
    }
    if (error.code == ErrorCode::kInvalidArgument) code = "context_length_exceeded";
    message = fmt::format("'{}': {}{}", field, error.message, memory_advice(*backend()));
  } else if (field == "system") {
    field = map ? "instructions" : "input";
  } else if (field == "questions") {
    field = "permutations";  // there are never too many questions by themselves
  }
  for (size_t i = 0; i < request_.echoes.size(); ++i) {
    const std::string at = fmt::format("questions[{}]", i);
    const bool too_long = field == at;
    if (!too_long && field != at + ".options") continue;
    if (too_long) code = "context_length_exceeded";
    field = request_.echoes[i].path;
    message = fmt::format("'{}': {}{}", field, error.message,
                          too_long ? memory_advice(*backend()) : std::string());
    break;
  }
  HttpResponse response = error_response(http_status(error.code), code, message, field);
  add_headers(response);
  return response;
}

void DecisionRunner::add_headers(HttpResponse& response) const {
  response.headers.push_back({"X-Prompt-Version", std::string(kDecisionPromptVersion)});
  if (request_.ignored.empty()) return;
  response.headers.push_back(
      {"X-Ignored-Fields", fmt::format("{}", fmt::join(request_.ignored, ", "))});
}

}  // namespace

void run_decision(const std::shared_ptr<Call>& call, const std::shared_ptr<const Backend>& backend,
                  DecisionRequest request) {
  std::make_shared<DecisionRunner>(call, backend, std::move(request))->run();
}

}  // namespace qaio
