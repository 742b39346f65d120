// Finding: which stage decides how long people wait.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>

#include "report/findings.h"

namespace qaio {
namespace {

constexpr size_t kRequestsMin = 20;
constexpr double kBottleneckShareMin = 0.35;
constexpr double kBottleneckLeadMin = 1.2;  // times the next stage
constexpr size_t kStagesShown = 3;
constexpr size_t kOthersNamed = 3;

// What requests were waiting for. No task: their own stage; no stage: unattributed.
struct PathStage {
  std::string task;
  std::optional<Stage> stage;
  double ms = 0;

  std::string name() const { return stage ? stage_text(task, *stage) : "unattributed"; }
};

// Wall time by the stage that requests were waiting for: their own stages, and in place of `tasks`
// those of the task that ended last.
class CriticalPath {
 public:
  explicit CriticalPath(const CompactRecords& set) : set_(set), of_tasks_(set.tasks.size()) {}

  void add(const CompactRecord& request) {
    const CompactTask& task = request.critical_task();
    int64_t left_ns = request.lane.wall_ns();
    for (size_t i = 0; i < RequestLane::kStages; ++i) {
      if (RequestLane::stage_at(i) == Stage::kTasks) continue;
      const int64_t ns = request.lane.stage_ns(RequestLane::stage_at(i));
      of_request_[i] += ns;
      left_ns -= ns;
    }
    for (size_t i = 0; i < TaskLane::kStages; ++i) {
      const int64_t ns = task.lane.stage_ns(TaskLane::stage_at(i));
      of_tasks_[task.name][i] += ns;
      left_ns -= ns;
    }
    unattributed_ns_ += std::max<int64_t>(0, left_ns);
  }

  // The longest first.
  std::vector<PathStage> stages() const {
    std::vector<PathStage> stages;
    const auto add_stage = [&](std::string task, std::optional<Stage> stage, int64_t ns) {
      if (ns > 0) stages.push_back({std::move(task), stage, to_ms(ns)});
    };
    for (size_t i = 0; i < RequestLane::kStages; ++i)
      add_stage("", RequestLane::stage_at(i), of_request_[i]);
    for (size_t task = 0; task < of_tasks_.size(); ++task)
      for (size_t i = 0; i < TaskLane::kStages; ++i)
        add_stage(set_.tasks[task], TaskLane::stage_at(i), of_tasks_[task][i]);
    add_stage("", std::nullopt, unattributed_ns_);
    std::ranges::sort(stages, {}, &PathStage::name);
    std::ranges::stable_sort(stages, std::ranges::greater(), &PathStage::ms);
    return stages;
  }

 private:
  const CompactRecords& set_;
  std::array<int64_t, RequestLane::kStages> of_request_{};
  std::vector<std::array<int64_t, TaskLane::kStages>> of_tasks_;
  int64_t unattributed_ns_ = 0;
};

// "decode 34 %, prefill 21 %"
std::string shares_text(Language language, std::span<const PathStage> stages, double total_ms) {
  std::vector<std::string> parts;
  for (const PathStage& stage : stages.first(std::min(stages.size(), kStagesShown)))
    parts.push_back(fmt::format("{} {:.0f} %", stage.name(), 100 * stage.ms / total_ms));
  return list_text(language, parts);
}

// ", not sentiment": what people may have thought they wait for.
std::string not_others(Language language, const FindingInput& input, const std::string& task) {
  std::vector<std::string> others;
  for (const uint32_t one : input.tasks)
    if (input.set.tasks[one] != task) others.push_back(input.set.tasks[one]);
  if (others.empty() || others.size() > kOthersNamed) return "";
  return say(language, ", not {}", "（而不是 {}）", list_text(language, others));
}

// `what` begins the English sentence and ends the Chinese clause.
std::string decides(Language in, const std::string& what, double percent) {
  return say(in, "{} decides how long people wait: {:.0f} % of the time.",
             "决定等待时间的是{}：占 {:.0f} %。", what, percent);
}

// Whether a request of the task had several about one text.
bool asks_questions(const CompactRecords& set, std::string_view task) {
  return std::ranges::any_of(set.requests, [&](const CompactRecord* request) {
    return std::ranges::any_of(request->tasks, [&](const CompactTask& one) {
      return one.question_tokens > 0 && set.tasks[one.name] == task;
    });
  });
}

void explain_model_stage(const FindingInput& input, const PathStage& top, double percent,
                         Finding& finding) {
  const Language in = input.language;
  const std::string others = not_others(in, input, top.task);
  switch (*top.stage) {
    case Stage::kDecode:
      finding.meaning = decides(
          in,
          say(in, "What {} writes, token by token{},", " {} 逐个词元的生成{}", top.task, others),
          percent);
      finding.advice = say(in,
                           "Shorten it (max_new_tokens, or a system prompt that asks for brevity), "
                           "or take a smaller or more strongly quantized model.",
                           "缩短输出（调低 max_new_tokens，或在系统提示词中要求简短），"
                           "或换用更小、量化程度更高的模型。");
      return;
    case Stage::kPrefill:
      finding.meaning = decides(
          in, say(in, "Reading the prompts of {}{}", "读取 {} 的提示词{}", top.task, others),
          percent);
      finding.advice = say(in,
                           "Shorten them (system prompt, examples, history), and let them begin "
                           "alike, so that the prefix cache holds what they share.",
                           "缩短提示词（系统提示词、示例、历史），并让它们的开头保持一致，"
                           "以便前缀缓存复用。");
      return;
    case Stage::kScore:
      if (asks_questions(input.set, top.task)) {
        finding.meaning = decides(
            in, say(in, "Answering the questions of {}{}", "回答 {} 的问题{}", top.task, others),
            percent);
        finding.advice = say(in, "Ask fewer or shorter questions, with fewer options.",
                             "减少问题及其选项，或把问题写得短些。");
        return;
      }
      finding.meaning =
          decides(in, say(in, "Scoring the labels of {}{}", "为 {} 的标签打分{}", top.task, others),
                  percent);
      finding.advice = say(in, "Use fewer labels, or labels of a single token.",
                           "减少标签数量，或使用单个词元的标签。");
      return;
    case Stage::kQueue:
      finding.meaning = decides(
          in, say(in, "Waiting for the model, not its work,", "排队，而不是模型的计算"), percent);
      finding.advice = say(in, "The finding about waiting in line says why, and what helps.",
                           "原因和办法见关于排队的结论。");
      return;
    default:
      finding.meaning = decides(
          in,
          say(in, "Preparing the prompts of {} and reading its answers, not the model's work,",
              "准备 {} 的提示词和解析输出，而不是模型的计算", top.task),
          percent);
      finding.advice = say(in, "Send shorter inputs and less history.", "缩短输入，减少历史。");
  }
}

void explain_request_stage(Language in, const PathStage& top, double percent, Finding& finding) {
  if (top.stage == Stage::kHttpRead || top.stage == Stage::kHttpWrite) {
    const bool reads = top.stage == Stage::kHttpRead;
    finding.meaning =
        reads ? say(in, "The server mostly waits for what clients send: {:.0f} % of the time.",
                    "服务器大部分时间在等客户端发送请求：占 {:.0f} %。", percent)
              : say(in,
                    "The server mostly waits for clients to take their answers: {:.0f} % of "
                    "the time.",
                    "服务器大部分时间在等客户端接收回答：占 {:.0f} %。", percent);
    finding.advice = say(in, "Look at the clients' network, and at the proxies in between.",
                         "检查客户端的网络，以及中间的代理。");
    return;
  }
  finding.meaning = decides(in,
                            say(in, "The server's own work ({}), not the model's,",
                                "服务器自身的工作（{}），而不是模型", top.name()),
                            percent);
  finding.advice = say(in,
                       "That should be little: compare with earlier versions or days to see "
                       "since when, and keep other programs off the server's cores.",
                       "这部分本应很少：请与更早的版本或日期比较，看从何时开始，"
                       "并让其他程序不要占用服务器的核心。");
}

void bottleneck_evidence(Language in, const std::vector<PathStage>& stages, double total_ms,
                         size_t count, Finding& finding) {
  const auto requests = static_cast<double>(count);
  const double top_ms = stages[0].ms;
  if (stages.size() > 1) {
    finding.evidence.push_back(say(in, "Next comes {} with {:.0f} %.", "其次是 {}，占 {:.0f} %。",
                                   stages[1].name(), 100 * stages[1].ms / total_ms));
  }
  finding.evidence.push_back(
      say(in,
          "At twice its speed requests would take {} ms, {:.0f} % less; without everything else, "
          "still {} ms.",
          "若它快一倍，请求需要 {} ms，减少 {:.0f} %；即使没有其他一切，仍需 {} ms。",
          ms_text((total_ms - top_ms / 2) / requests), 50 * top_ms / total_ms,
          ms_text(top_ms / requests)));
  finding.evidence.push_back(
      say(in, "Of tasks side by side, the one that ended last counts ({} requests).",
          "并行的任务中，只计最后结束的那个（{} 个请求）。", count));
}

}  // namespace

void find_bottleneck(const FindingInput& input, std::vector<Finding>& out) {
  const Language in = input.language;
  CriticalPath path(input.set);
  double total_ms = 0;
  size_t count = 0;
  for (const CompactRecord* request : input.set.requests) {
    if (!request->answered()) continue;
    path.add(*request);
    total_ms += to_ms(request->lane.wall_ns());
    ++count;
  }
  if (count < kRequestsMin || total_ms <= 0) return;
  const std::vector<PathStage> stages = path.stages();
  if (stages.empty()) return;
  const PathStage& top = stages[0];
  const double share = top.ms / total_ms;
  const auto requests = static_cast<double>(count);
  Finding finding{.id = "bottleneck"};
  finding.figures = {
      {"share", share}, {"mean_ms", top.ms / requests}, {"total_mean_ms", total_ms / requests}};
  const bool leads = stages.size() == 1 || top.ms >= kBottleneckLeadMin * stages[1].ms;
  if (share < kBottleneckShareMin || !leads) {
    finding.found = false;
    finding.meaning =
        say(in, "Nothing alone decides how long people wait.", "没有哪个阶段单独决定等待时间。");
    finding.advice = say(in, "To be faster, lighten several stages: fewer tokens in and out.",
                         "要更快，需同时减轻多个阶段：减少输入和输出的词元。");
    finding.statement = say(in, "No single bottleneck: {} of the response time.",
                            "没有单一瓶颈：{}（占响应时间）。", shares_text(in, stages, total_ms));
    out.push_back(std::move(finding));
    return;
  }
  if (top.task.empty()) {
    explain_request_stage(in, top, 100 * share, finding);
  } else {
    explain_model_stage(input, top, 100 * share, finding);
  }
  finding.statement =
      say(in, "{} is the bottleneck: {:.0f} % of the response time, {} ms of {} ms on average.",
          "瓶颈是 {}：占响应时间的 {:.0f} %，平均 {} ms（共 {} ms）。", top.name(), 100 * share,
          ms_text(top.ms / requests), ms_text(total_ms / requests));
  bottleneck_evidence(in, stages, total_ms, count, finding);
  out.push_back(std::move(finding));
}

}  // namespace qaio
