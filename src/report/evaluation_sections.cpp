#include "report/evaluation_sections.h"

#include <fmt/format.h>

namespace qaio {
namespace {

constexpr size_t kAnswerColumnsMax = 12;  // more fit into no terminal

double ms(int64_t ns) { return static_cast<double>(ns) / 1e6; }

std::string count_of_texts(uint64_t count, Language in) {
  return say(in, "{} text{}", "{} 条文本", count, count == 1 ? "" : "s");
}

std::string score_text(double score) { return fmt::format("{:.4f}", score); }

// "46.7 - 53.3 %"
std::string bin_text(size_t bin) {
  const auto end = [](size_t i) {
    return 100 * static_cast<double>(i) / static_cast<double>(kReliabilityBins);
  };
  return fmt::format("{:.1f} - {:.1f} %", end(bin), end(bin + 1));
}

}  // namespace

std::string share_text(std::optional<double> share) {
  return share ? fmt::format("{:.1f} %", 100 * *share) : "-";
}

std::string evaluation_sentence(const Evaluation& e, Language in) {
  std::string out = say(in, "{}: {}, accuracy {}, macro F1 {}", "{}：{}，准确率 {}，宏平均 F1 {}",
                        e.task, count_of_texts(e.texts(), in), share_text(e.accuracy()),
                        share_text(e.confusion().macro_f1()));
  if (e.temperature != 1) {
    out += say(in, ", at temperature {:g}", "，温度 {:g}", e.temperature);
  }
  return out;
}

Grid confusion_grid(const Evaluation& e, Language in) {
  const Confusion confusion = e.confusion();
  const bool with_answers = e.labels.size() <= kAnswerColumnsMax;
  Grid grid;
  std::vector<std::string> head = {with_answers ? say(in, "truth \\ answer", "真实 \\ 回答")
                                                : say(in, "truth", "真实")};
  if (with_answers) head.insert(head.end(), e.labels.begin(), e.labels.end());
  for (std::string name : {say(in, "texts", "文本"), say(in, "precision", "精确率"),
                           say(in, "recall", "召回率"), std::string("F1")}) {
    head.push_back(std::move(name));
  }
  grid.right.assign(head.size(), true);
  grid.right.front() = false;
  grid.rows.push_back(std::move(head));
  for (size_t truth = 0; truth < e.labels.size(); ++truth) {
    if (!with_answers && confusion.truths(truth) + confusion.answers(truth) == 0) continue;
    std::vector<std::string> row = {e.labels[truth]};
    for (size_t answer = 0; with_answers && answer < e.labels.size(); ++answer) {
      row.push_back(fmt::format("{}", confusion.count(truth, answer)));
    }
    row.push_back(fmt::format("{}", confusion.truths(truth)));
    row.push_back(share_text(confusion.precision(truth)));
    row.push_back(share_text(confusion.recall(truth)));
    row.push_back(share_text(confusion.f1(truth)));
    grid.rows.push_back(std::move(row));
  }
  return grid;
}

Grid probability_grid(const Evaluation& e, Language in) {
  const double error = calibration_error(reliability_bins(e.predictions));
  Grid grid{.right = {false, true, false}, .rows = {}};
  const auto row = [&](std::string name, std::string value, std::string meaning) {
    grid.rows.push_back({std::move(name), std::move(value), std::move(meaning)});
  };
  row(say(in, "probabilities", "概率"), "", "");
  row(say(in, "Brier score", "Brier 分数"), score_text(brier_score(e.predictions)),
      say(in, "squared distance from the truth, summed over labels; 0 to 2",
          "与真实标签的平方距离，按标签求和；0 到 2"));
  row("ECE", score_text(error),
      say(in, "distance between confidence and accuracy, over {} bins",
          "置信度与准确率之差，{} 个区间", kReliabilityBins));
  row(say(in, "answered", "可答比例"), share_text(e.answered_share()),
      say(in, "of texts, the most certain first, with at most {:g} % of them wrong",
          "从最确定的文本起，错误不超过 {:g} % 的最大比例", 100 * kAnsweredErrorMax));
  if (const auto flips = e.flip_rate()) {
    row(say(in, "flip rate", "翻转率"), share_text(flips),
        say(in, "of answers change when the options are asked in reversed order",
            "选项倒序提问时改变的回答"));
  }
  if (e.is_scale()) {
    row(say(in, "mean absolute error", "平均绝对误差"),
        score_text(mean_absolute_error(e.predictions)),
        say(in, "levels between the expected one and the true one", "期望等级与真实等级之差"));
  }
  return grid;
}

Grid reliability_grid(const std::vector<ReliabilityBin>& bins, Language in) {
  Grid grid{.right = {true, true, true, true}, .rows = {}};
  grid.rows.push_back({say(in, "confidence", "置信度"), say(in, "texts", "文本"),
                       say(in, "mean confidence", "平均置信度"), say(in, "accuracy", "准确率")});
  for (size_t i = 0; i < bins.size(); ++i) {
    if (bins[i].count == 0) continue;
    grid.rows.push_back({bin_text(i), fmt::format("{}", bins[i].count),
                         share_text(bins[i].confidence), share_text(bins[i].accuracy)});
  }
  return grid;
}

std::string latency_sentence(const Evaluation& e, Language in) {
  return say(
      in,
      "latency ms  mean {:.2f}, p50 {:.2f}, p95 {:.2f}, p99 {:.2f}, max {:.2f}; "
      "{:.1f} texts/s",
      "延迟 ms  均值 {:.2f}，p50 {:.2f}，p95 {:.2f}，p99 {:.2f}，最大 {:.2f}；每秒 {:.1f} 条文本",
      e.latency.mean_ns() / 1e6, ms(e.latency.percentile_ns(50)), ms(e.latency.percentile_ns(95)),
      ms(e.latency.percentile_ns(99)), ms(e.latency.max_ns()),
      static_cast<double>(e.predictions.size()) / e.seconds);
}

std::string failure_sentence(const Evaluation& e, Language in) {
  if (e.failed == 0) return {};
  return say(in, "{} failed, the first in line {}: {}", "{}失败，第一条在第 {} 行：{}",
             count_of_texts(e.failed, in), e.first_failure.line, e.first_failure.message);
}

std::string calibration_sentence(const Evaluation& e, Language in) {
  if (!e.calibration) return {};
  const TemperatureTrial& trial = *e.calibration;
  if (!trial.temperature) {
    return say(in,
               "no temperature was found on {}: either every answer is right, or the probabilities "
               "say no more than chance; nothing is written",
               "在 {}上未找到温度：要么回答全部正确，要么概率不比随机更有信息；未写入任何内容",
               count_of_texts(trial.fitted, in));
  }
  const std::string found =
      say(in, "temperature {:.4f}, fitted on {}: on {} others the ECE goes from {} to {}",
          "温度 {:.4f}，由 {}拟合：在另外 {} 条上 ECE 从 {} 变为 {}", *trial.temperature,
          count_of_texts(trial.fitted, in), trial.unseen,
          score_text(trial.before.calibration_error), score_text(trial.after.calibration_error));
  if (!trial.helps()) {
    return found +
           say(in, ", which is no better; nothing is written", "，没有改善；未写入任何内容");
  }
  return found + say(in, "; written to {}", "；已写入 {}", e.calibration_file);
}

Grid calibration_grid(const Evaluation& e, Language in) {
  Grid grid{.right = {false, true, true, true}, .rows = {}};
  if (!e.calibration || !e.calibration->temperature) return grid;
  const TemperatureTrial& trial = *e.calibration;
  grid.rows.push_back({say(in, "unseen half", "未见过的一半"), "ECE",
                       say(in, "Brier score", "Brier 分数"), say(in, "log loss", "对数损失")});
  const auto row = [&](double temperature, const CalibrationFigures& figures) {
    grid.rows.push_back({say(in, "temperature {:g}", "温度 {:g}", temperature),
                         score_text(figures.calibration_error), score_text(figures.brier),
                         score_text(figures.log_loss)});
  };
  row(e.temperature, trial.before);
  row(*trial.temperature, trial.after);
  return grid;
}

}  // namespace qaio
