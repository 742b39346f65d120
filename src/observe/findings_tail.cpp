// Finding: why the slowest requests are slow.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "observe/findings.h"
#include "observe/service_fit.h"
#include "observe/statistics.h"

namespace qaio {
namespace {

constexpr size_t kRequestsMin = 60;
constexpr double kTailShare = 0.05;
constexpr double kTailFactorMin = 1.3;  // the 95th percentile over the median
constexpr double kCauseShareMin = 0.3;  // of what the request took beyond the median
constexpr int64_t kFaultsMin = 256;     // 1 MiB of fresh memory
constexpr double kFaultFactor = 4;      // times the 95th percentile of the others

enum Cause : uint8_t { kQueue, kLongPrompt, kLongOutput, kNeighbours, kPageFaults, kUnknown };
constexpr std::array<std::string_view, 6> kNames = {"queue",      "long prompt", "long output",
                                                    "neighbours", "page faults", "unknown"};

struct Request {
  const RequestRecord* record;
  const TaskRecord* task;  // the critical one
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
  };
  std::map<std::string, OfTask> tasks;
};

double neighbour_tokens(const TaskCounters& counters) {
  return counters.completion_tokens * (mean_batch(counters) - 1);
}

template <typename Value>
double median_over(std::span<const Request> requests, const Value& value) {
  std::vector<double> values;
  for (const Request& request : requests) values.push_back(static_cast<double>(value(request)));
  return median(std::move(values));
}

Usual usual_of(std::span<const Request> sorted) {
  Usual usual;
  usual.total_ms = median_over(sorted, [](const Request& r) { return r.total_ms; });
  usual.queue_ms = median_over(
      sorted, [](const Request& r) { return to_ms(r.task->lane.stage_ns(Stage::kQueue)); });
  std::vector<double> faults;
  std::map<std::string, std::vector<Request>> by_task;
  for (const Request& request : sorted) {
    faults.push_back(static_cast<double>(request.record->minor_faults));
    by_task[request.task->task].push_back(request);
  }
  std::ranges::sort(faults);
  usual.faults_max = percentile(faults, 90);
  for (const auto& [task, requests] : by_task) {
    usual.tasks[task] = {
        .prompt = median_over(requests,
                              [](const Request& r) { return computed_tokens(r.task->counters); }),
        .output = median_over(requests,
                              [](const Request& r) { return r.task->counters.completion_tokens; }),
        .neighbours = median_over(
            requests, [](const Request& r) { return neighbour_tokens(r.task->counters); })};
  }
  return usual;
}

// Where the milliseconds beyond the usual total came from.
std::array<double, kNames.size()> causes_ms(const Request& request, const Usual& usual,
                                            const std::map<std::string, ServiceFit>& fits) {
  std::array<double, kNames.size()> ms{};
  const TaskCounters& counters = request.task->counters;
  ms[kQueue] = std::max(0.0, to_ms(request.task->lane.stage_ns(Stage::kQueue)) - usual.queue_ms);
  if (const auto it = fits.find(request.task->task); it != fits.end()) {
    const ServiceFit& fit = it->second;
    const Usual::OfTask& of_task = usual.tasks.at(request.task->task);
    const auto beyond = [](double value, double is_usual) {
      return std::max(0.0, value - is_usual);
    };
    ms[kLongPrompt] = fit.ms_per_prompt_token *
                      beyond(static_cast<double>(computed_tokens(counters)), of_task.prompt);
    ms[kLongOutput] = fit.ms_per_output_token * beyond(counters.completion_tokens, of_task.output);
    ms[kNeighbours] =
        fit.ms_per_neighbour_token * beyond(neighbour_tokens(counters), of_task.neighbours);
  }
  double rest = request.total_ms - usual.total_ms;
  for (const double known : ms) rest -= known;
  const RequestRecord& record = *request.record;
  const bool many_faults =
      record.minor_faults >= kFaultsMin &&
      static_cast<double>(record.minor_faults) > kFaultFactor * usual.faults_max;
  ms[record.major_faults > 0 || many_faults ? kPageFaults : kUnknown] = std::max(0.0, rest);
  return ms;
}

std::vector<Request> by_time(const RecordSet& set) {
  std::vector<Request> requests;
  for (const RecordSet::Item& item : set.items) {
    if (!answered(*item.record)) continue;
    requests.push_back(
        {item.record.get(), critical_task(*item.record), to_ms(item.record->lane.wall_ns())});
  }
  std::ranges::stable_sort(requests, {}, &Request::total_ms);
  return requests;
}

}  // namespace

void find_tail_causes(const FindingInput& input, std::vector<Finding>& out) {
  const std::vector<Request> requests = by_time(input.set);
  if (requests.size() < kRequestsMin) return;
  const auto slow_count =
      static_cast<size_t>(std::ceil(kTailShare * static_cast<double>(requests.size())));
  const auto slow = std::span(requests).last(slow_count);
  const Usual usual = usual_of(requests);
  if (slow.front().total_ms < kTailFactorMin * usual.total_ms) return;
  std::map<std::string, ServiceFit> fits;
  for (const std::string& task : tasks_of(input.set))
    if (auto fit = fit_service(input.set, task)) fits.emplace(task, *std::move(fit));

  std::array<std::vector<const Request*>, kNames.size()> by_cause;
  double slow_ms = 0;
  for (const Request& request : slow) {
    const auto ms = causes_ms(request, usual, fits);
    const auto largest = std::ranges::max_element(ms);
    const bool clear = *largest >= kCauseShareMin * (request.total_ms - usual.total_ms);
    const auto cause = clear ? static_cast<size_t>(largest - ms.begin()) : size_t{kUnknown};
    by_cause[cause].push_back(&request);
    slow_ms += request.total_ms;
  }
  if (2 * by_cause[kUnknown].size() > slow_count) return;
  Finding finding{.id = "tail_causes", .statement = {}, .evidence = {}, .figures = {}};
  std::vector<std::string> parts;
  for (size_t cause = 0; cause < kNames.size(); ++cause) {
    const auto& its = by_cause[cause];
    if (its.empty()) continue;
    parts.push_back(fmt::format("{} ({})", kNames[cause], its.size()));
    finding.evidence.push_back(fmt::format("{}: for example {} with {:.1f} ms.", kNames[cause],
                                           its.back()->record->request_id, its.back()->total_ms));
    std::string name(kNames[cause]);
    std::ranges::replace(name, ' ', '_');
    finding.figures.emplace_back(name, static_cast<double>(its.size()));
  }
  finding.statement = fmt::format(
      "The slowest 5 % ({} requests, {:.1f} ms on average; the median is {:.1f} ms) owe it to: {}.",
      slow_count, slow_ms / static_cast<double>(slow_count), usual.total_ms,
      fmt::join(parts, ", "));
  out.push_back(std::move(finding));
}

}  // namespace qaio
