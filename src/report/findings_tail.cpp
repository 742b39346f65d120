// Finding: why the slowest requests are slow.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <span>

#include "report/findings.h"
#include "report/service_fit.h"
#include "stats/statistics.h"

namespace qaio {
namespace {

constexpr size_t kRequestsMin = 60;
constexpr double kTailShare = 0.05;
constexpr double kTailFactorMin = 1.3;  // the 95th percentile over the median
constexpr double kCauseShareMin = 0.3;  // of what the request took beyond the median
constexpr int64_t kFaultsMin = 256;     // 1 MiB of fresh memory
constexpr double kFaultFactor = 4;      // times the 90th percentile of all

enum Cause : uint8_t {
  kQueue,
  kLongPrompt,
  kLongOutput,
  kManyQuestions,
  kNeighbours,
  kPageFaults,
  kUnknown
};
constexpr std::array<std::string_view, 7> kNames = {"queue",          "long prompt", "long output",
                                                    "many questions", "neighbours",  "page faults",
                                                    "unknown"};

std::string cause_text(Language in, size_t cause) {
  constexpr std::array<std::string_view, kNames.size()> kChinese = {
      "排队", "提示词长", "输出长", "问题多", "旁边有其他请求", "缺页", "未知"};
  return std::string(in == Language::kChinese ? kChinese[cause] : kNames[cause]);
}

void explain_tail(Language in, size_t cause, double slow_ms, Finding& finding) {
  const std::string slow = ms_text(slow_ms);
  const auto meaning = [&](const std::string& because) {
    finding.meaning = say(in, "One in twenty waits {} ms on average, mostly because {}.",
                          "二十分之一的用户平均等待 {} ms，主要因为{}。", slow, because);
  };
  switch (static_cast<Cause>(cause)) {
    case kQueue:
      meaning(say(in, "others were there before", "前面有其他请求"));
      finding.advice = say(in,
                           "Limit what one client sends at once (--client-requests-max), or let a "
                           "second process take a part.",
                           "限制单个客户端的并发（--client-requests-max），或增加一个进程分担。");
      return;
    case kLongPrompt:
      meaning(say(in, "their prompts are long", "他们的提示词很长"));
      finding.advice = say(in, "Bound the length of inputs and history (--history-turns-max).",
                           "限制输入和历史的长度（--history-turns-max）。");
      return;
    case kLongOutput:
      meaning(say(in, "their answers are long", "他们的回答很长"));
      finding.advice = say(in, "Bound the length of answers (max_new_tokens, --new-tokens-max).",
                           "限制回答的长度（max_new_tokens、--new-tokens-max）。");
      return;
    case kManyQuestions:
      meaning(say(in, "they ask many questions, or with many options", "他们问的问题或选项多"));
      finding.advice = say(in, "Ask what can wait in a second request: the text stays cached.",
                           "不急的问题放到第二个请求里：文本仍在缓存中。");
      return;
    case kNeighbours:
      meaning(say(in, "others are computed beside them", "旁边同时在计算其他请求"));
      finding.advice =
          say(in, "Compute fewer at once (--parallel): each is faster then, though some wait.",
              "减少同时计算的请求（--parallel）：每个更快，但有些要等待。");
      return;
    case kPageFaults:
      meaning(say(in, "memory had to be fetched first", "内存要先换入"));
      finding.advice =
          say(in, "Give the server more memory, or keep other programs off the machine.",
              "给服务器更多内存，或不要在这台机器上运行其他程序。");
      return;
    case kUnknown:
      meaning(say(in, "of something that records do not tell", "记录中看不出的原因"));
      finding.advice = say(in, "Look at the machine's other programs at those times.",
                           "查看那些时刻机器上的其他程序。");
  }
}

struct Request {
  const CompactRecord* facts;
  const CompactTask* task;  // the critical one
  double total_ms;
};

// What is usual, to be compared with.
struct Usual {
  double total_ms = 0;
  double queue_ms = 0;
  double faults_max = 0;
  struct OfTask {
    double prompt = 0;
    double output = 0;
    double neighbours = 0;
    double questions = 0;
    double options = 0;
  };
  std::vector<OfTask> tasks;  // by their place in the set
};

template <typename Value>
double median_over(std::span<const Request> requests, const Value& value) {
  std::vector<double> values;
  for (const Request& request : requests) values.push_back(static_cast<double>(value(request)));
  return median(std::move(values));
}

Usual usual_of(std::span<const Request> requests, size_t task_count) {
  Usual usual;
  usual.total_ms = median_over(requests, [](const Request& r) { return r.total_ms; });
  usual.queue_ms = median_over(
      requests, [](const Request& r) { return to_ms(r.task->lane.stage_ns(Stage::kQueue)); });
  std::vector<double> faults;
  std::vector<std::vector<Request>> by_task(task_count);
  for (const Request& request : requests) {
    faults.push_back(static_cast<double>(request.facts->minor_faults));
    by_task[request.task->name].push_back(request);
  }
  usual.faults_max = percentiles(faults, std::array<double, 1>{90})[0];
  for (const std::vector<Request>& its : by_task) {
    usual.tasks.push_back(
        {.prompt =
             median_over(its, [](const Request& r) { return prefill_tokens(*r.facts, *r.task); }),
         .output = median_over(its, [](const Request& r) { return r.task->completion_tokens; }),
         .neighbours =
             median_over(its, [](const Request& r) { return neighbour_tokens(*r.facts, *r.task); }),
         .questions = median_over(its, [](const Request& r) { return questions_behind(*r.task); }),
         .options = median_over(its, [](const Request& r) { return r.task->options; })});
  }
  return usual;
}

// What the fit expects of its questions and labels beyond that of the usual number.
double questions_ms(const Request& request, const Usual::OfTask& usual, const ServiceFit& fit) {
  const std::vector<double> its = decode_regressors(*request.facts, *request.task);
  std::vector<double> with_usual = its;
  with_usual[kQuestionRegressor] = usual.questions;
  with_usual[kQuestionRegressor + 1] = usual.options;
  return std::max(0.0, fit.decode.predict(its) - fit.decode.predict(with_usual));
}

// Where the milliseconds beyond the usual total came from.
std::array<double, kNames.size()> causes_ms(const Request& request, const Usual& usual,
                                            const FindingInput& input) {
  std::array<double, kNames.size()> ms{};
  const CompactTask& task = *request.task;
  ms[kQueue] = std::max(0.0, to_ms(task.lane.stage_ns(Stage::kQueue)) - usual.queue_ms);
  if (const auto& fit = input.fits[task.name]) {
    const Usual::OfTask& of_task = usual.tasks[task.name];
    const auto beyond = [](double value, double is_usual) {
      return std::max(0.0, value - is_usual);
    };
    ms[kLongPrompt] =
        fit->ms_per_prompt_token * beyond(prefill_tokens(*request.facts, task), of_task.prompt);
    ms[kLongOutput] = fit->ms_per_output_token * beyond(task.completion_tokens, of_task.output);
    ms[kManyQuestions] = questions_ms(request, of_task, *fit);
    ms[kNeighbours] = fit->ms_per_neighbour_token *
                      beyond(neighbour_tokens(*request.facts, task), of_task.neighbours);
  }
  double rest = request.total_ms - usual.total_ms;
  for (const double known : ms) rest -= known;
  const CompactRecord& facts = *request.facts;
  const bool many_faults =
      facts.minor_faults >= kFaultsMin &&
      static_cast<double>(facts.minor_faults) > kFaultFactor * usual.faults_max;
  ms[facts.major_faults > 0 || many_faults ? kPageFaults : kUnknown] = std::max(0.0, rest);
  return ms;
}

std::vector<Request> answered_requests(const CompactRecords& set) {
  std::vector<Request> requests;
  requests.reserve(set.requests.size());
  for (const CompactRecord* facts : set.requests) {
    if (!facts->answered()) continue;
    requests.push_back({facts, &facts->critical_task(), to_ms(facts->lane.wall_ns())});
  }
  return requests;
}

Usual usual_of_sample(const std::vector<Request>& requests, size_t task_count) {
  std::vector<Request> sample;
  for (const size_t i : stratified_indices(requests.size())) sample.push_back(requests[i]);
  return usual_of(sample, task_count);
}

// Brings the slowest to the end, in ascending order.
std::span<const Request> slowest_of(std::vector<Request>& requests, size_t count) {
  const auto first = requests.end() - static_cast<ptrdiff_t>(count);
  std::ranges::nth_element(requests, first, {}, &Request::total_ms);
  std::ranges::sort(first, requests.end(), {}, &Request::total_ms);
  return std::span(requests).last(count);
}

}  // namespace

void find_tail_causes(const FindingInput& input, std::vector<Finding>& out) {
  const Language in = input.language;
  std::vector<Request> requests = answered_requests(input.set);
  if (requests.size() < kRequestsMin) return;
  const Usual usual = usual_of_sample(requests, input.set.tasks.size());
  const auto slow_count =
      static_cast<size_t>(std::ceil(kTailShare * static_cast<double>(requests.size())));
  const auto slow = slowest_of(requests, slow_count);
  if (slow.front().total_ms < kTailFactorMin * usual.total_ms) {
    const double factor = slow.front().total_ms / std::max(usual.total_ms, 1e-9);
    out.push_back(
        {.id = "tail_causes",
         .found = false,
         .meaning = say(in, "Nobody waits much longer than others.", "没有人比别人等得久很多。"),
         .statement = say(in,
                          "No slow tail: the slowest 5 % begin at {:.2g} times the median of {} "
                          "ms.",
                          "没有慢尾：最慢的 5 % 从中位数（{1} ms）的 {0:.2g} 倍开始。", factor,
                          ms_text(usual.total_ms)),
         .figures = {{"p95_over_median", factor}}});
    return;
  }

  std::array<std::vector<const Request*>, kNames.size()> by_cause;
  double slow_ms = 0;
  for (const Request& request : slow) {
    const auto ms = causes_ms(request, usual, input);
    const auto largest = std::ranges::max_element(ms);
    const bool clear = *largest >= kCauseShareMin * (request.total_ms - usual.total_ms);
    const auto cause = clear ? static_cast<size_t>(largest - ms.begin()) : size_t{kUnknown};
    by_cause[cause].push_back(&request);
    slow_ms += request.total_ms;
  }
  if (2 * by_cause[kUnknown].size() > slow_count) return;
  Finding finding{.id = "tail_causes"};
  std::vector<std::string> parts;
  for (size_t cause = 0; cause < kNames.size(); ++cause) {
    const auto& its = by_cause[cause];
    if (its.empty()) continue;
    parts.push_back(fmt::format("{} ({})", cause_text(in, cause), its.size()));
    finding.evidence.push_back(say(in, "{}: for example {} with {} ms.", "{}：例如 {}，用 {} ms。",
                                   cause_text(in, cause), input.set.id_of(*its.back()->facts),
                                   ms_text(its.back()->total_ms)));
    std::string name(kNames[cause]);
    std::ranges::replace(name, ' ', '_');
    finding.figures.emplace_back(name, static_cast<double>(its.size()));
  }
  const double mean_ms = slow_ms / static_cast<double>(slow_count);
  const auto most = std::ranges::max_element(
      by_cause, {}, [](const std::vector<const Request*>& its) { return its.size(); });
  explain_tail(in, static_cast<size_t>(most - by_cause.begin()), mean_ms, finding);
  finding.statement =
      say(in, "The slowest 5 % ({} requests, {} ms on average; the median is {} ms) owe it to: {}.",
          "最慢的 5 %（{} 个请求，平均 {} ms；中位数是 {} ms）的原因：{}。", slow_count,
          ms_text(mean_ms), ms_text(usual.total_ms), list_text(in, parts));
  out.push_back(std::move(finding));
}

}  // namespace qaio
