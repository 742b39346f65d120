// Finding: what one more question about a text costs, and one more option.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "report/findings.h"
#include "report/service_fit.h"

namespace qaio {
namespace {

constexpr double kExplainedMin = 0.25;  // as comparisons have it
constexpr double kWorthAsking = 0.8;    // of a request of its own
constexpr double kOptionsEqual = 1e-6;  // what is left of equal numbers by rounding

// Regressors of a fit. Options count beyond those that so many questions usually have: so the cost
// of a question is that of one with the usual number, and both have an error of their own. A single
// question whose prompt was computed as a whole is tokens and options.
enum Regressor : uint8_t { kTokens, kQuestions, kOptions };

struct Asked {
  const CompactRecord* request;
  const CompactTask* task;
  double model_ms() const { return prefill_ms(*task) + decode_ms(*task); }
};

// Nothing where there are too few. Only requests alone in their steps if there are enough: what
// others brought along is not recorded.
std::vector<Asked> asked_of(const CompactRecords& set, uint32_t name) {
  std::vector<Asked> all;
  std::vector<Asked> alone;
  for (const CompactRecord* request : set.requests) {
    const CompactTask* task = request->answered() ? find_task(*request, name) : nullptr;
    if (task == nullptr || task->questions == 0 || task->prefill_steps == 0) continue;
    all.push_back({request, task});
    if (alone_in_steps(*request)) alone.push_back(all.back());
  }
  std::vector<Asked>& used = alone.size() >= kFitRequestsMin ? alone : all;
  if (used.size() < kFitRequestsMin) return {};
  return std::move(used);
}

struct QuestionCosts {
  TimeFit fit;
  size_t requests = 0;
  double tokens = 0;  // of a request on average, computed of its text
  double questions = 0;
  double options_per_question = 0;  // of those behind a text
  bool options_vary = false;
  double questions_s = 0;  // of the model's time

  double question_ms() const { return fit.cost_ms(kQuestions); }
  double option_ms() const { return fit.cost_ms(kOptions); }
  // Of a request that asks a single one.
  double single_ms() const { return fit.predict(std::array<double, 3>{tokens, 1, 0}); }
};

std::optional<QuestionCosts> costs_of(const CompactRecords& set, uint32_t name) {
  const std::vector<Asked> asked = asked_of(set, name);
  if (asked.empty()) return std::nullopt;
  QuestionCosts costs;
  costs.requests = asked.size();
  double questions = 0;
  double behind = 0;
  double options_behind = 0;
  double model_ms = 0;
  for (const Asked& one : asked) {
    questions += one.task->questions;
    behind += questions_behind(*one.task);
    options_behind += questions_behind(*one.task) > 0 ? one.task->options : 0;
    model_ms += one.model_ms();
    costs.tokens += prefill_tokens(*one.request, *one.task);
  }
  const auto count = static_cast<double>(asked.size());
  costs.tokens /= count;
  costs.questions = questions / count;
  costs.options_per_question = options_behind / std::max(behind, 1.0);
  costs.questions_s = model_ms > 0 ? 1e3 * questions / model_ms : 0;

  std::vector<std::vector<double>> rows;
  std::vector<double> ms;
  for (const size_t i : stratified_indices(asked.size())) {
    const CompactTask& task = *asked[i].task;
    const double asked_behind = questions_behind(task);
    double more_options = task.options - costs.options_per_question * asked_behind;
    if (std::abs(more_options) < kOptionsEqual) more_options = 0;
    costs.options_vary = costs.options_vary || (asked_behind > 0 && more_options != 0);
    rows.push_back({prefill_tokens(*asked[i].request, task), asked_behind, more_options});
    ms.push_back(asked[i].model_ms());
  }
  costs.fit = fit_times(rows, ms, kExplainedMin);
  if (costs.question_ms() <= 0) return std::nullopt;
  return costs;
}

// "1.5 ms (95 % interval 1.4 to 1.6 ms)"
std::string cost_text(Language in, const TimeFit& fit, size_t regressor) {
  const Interval interval = fit.cost_interval_ms(regressor);
  return say(in, "{} ms (95 % interval {} to {} ms)", "{} ms（95 % 区间 {} 至 {} ms）",
             ms_text(fit.cost_ms(regressor)), ms_text(interval.low), ms_text(interval.high));
}

std::string options_text(Language in, const QuestionCosts& costs) {
  if (costs.option_ms() > 0) {
    return say(in, "One more option costs {}.", "每多一个选项用 {}。",
               cost_text(in, costs.fit, kOptions));
  }
  return costs.options_vary
             ? say(in, "What one more option costs is too little to be told.",
                   "多一个选项的用时太少，无法看出。")
             : say(in, "All questions have as many options: what one more costs cannot be told.",
                   "所有问题的选项一样多：看不出多一个选项用多少。");
}

void add_figures(const QuestionCosts& costs, Finding& finding) {
  const auto add_cost = [&](const std::string& name, size_t regressor) {
    const Interval interval = costs.fit.cost_interval_ms(regressor);
    finding.figures.emplace_back(name + "_ms", costs.fit.cost_ms(regressor));
    finding.figures.emplace_back(name + "_low_ms", interval.low);
    finding.figures.emplace_back(name + "_high_ms", interval.high);
  };
  add_cost("per_question", kQuestions);
  if (costs.option_ms() > 0) add_cost("per_option", kOptions);
  finding.figures.emplace_back("options_per_question", costs.options_per_question);
  finding.figures.emplace_back("single_ms", costs.single_ms());
  finding.figures.emplace_back("questions_s", costs.questions_s);
  finding.figures.emplace_back("explained", costs.fit.fit.explained);
}

Finding finding_of(Language in, const std::string& task, const QuestionCosts& costs) {
  Finding finding{.id = "question_costs"};
  const double question_ms = costs.question_ms();
  const double single_ms = costs.single_ms();
  finding.meaning = say(in,
                        "One more question to {} about the same text takes {} ms, a request of "
                        "its own {} ms.",
                        "对同一文本向 {} 多问一个问题用 {} ms，单独一个请求用 {} ms。", task,
                        ms_text(question_ms), ms_text(single_ms));
  finding.advice =
      question_ms < kWorthAsking * single_ms
          ? say(in, "Ask all about a text in one request.", "把关于同一文本的问题放在一个请求里。")
          : say(in, "Ask in fewer words: the questions, not the text, take the time.",
                "问题写得短些：用时在问题，不在文本。");
  finding.statement = say(in, "{}: one more question, of {:.3g} options on average, costs {}.",
                          "{}：每多一个问题（平均 {:.3g} 个选项）用 {}。", task,
                          costs.options_per_question, cost_text(in, costs.fit, kQuestions));
  finding.evidence = {
      options_text(in, costs),
      say(in,
          "A request computes {:.0f} tokens of its text and asks {:.3g} questions on average: "
          "{:.3g} questions per second of the model's time.",
          "一个请求平均计算文本的 {:.0f} 个词元，问 {:.3g} 个问题：模型每秒回答 {:.3g} 个问题。",
          costs.tokens, costs.questions, costs.questions_s),
      say(in,
          "Tokens, questions and options explain {:.0f} % of the variation, with a typical error "
          "of {} ms over {} requests.",
          "词元数、问题数和选项数解释了用时变化的 {0:.0f} %，{2} 个请求的典型误差为 {1} ms。",
          100 * costs.fit.fit.explained, ms_text(costs.fit.fit.deviation), costs.requests)};
  add_figures(costs, finding);
  return finding;
}

}  // namespace

void find_question_costs(const FindingInput& input, std::vector<Finding>& out) {
  for (const uint32_t task : input.tasks) {
    if (const auto costs = costs_of(input.set, task))
      out.push_back(finding_of(input.language, input.set.tasks[task], *costs));
  }
}

}  // namespace qaio
