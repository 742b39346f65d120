#include "report/compare_verdict.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <span>

namespace qaio {
namespace {

using Changes = std::vector<Change*>;

// In place of the p-values of everything that is tested together.
void correct(const Changes& changes, std::span<ShareComparison> shares = {}) {
  std::vector<std::optional<double>*> tested;
  for (Change* change : changes) tested.push_back(&change->p);
  for (ShareComparison& share : shares) tested.push_back(&share.p);
  std::erase_if(tested, [](const std::optional<double>* p) { return !p->has_value(); });
  std::vector<double> p;
  p.reserve(tested.size());
  for (const auto* one : tested) p.push_back(**one);
  const std::vector<double> corrected = holm(p);
  for (size_t i = 0; i < tested.size(); ++i) *tested[i] = corrected[i];
}

// `factor`: how much larger than of a median a change must be.
void judge(double total_ms, double factor, const CompareOptions& options, Change& change) {
  if (!change.p) return;
  const double least = factor * options.change_min;
  const bool matters = std::abs(change.relative) >= least &&
                       std::abs(change.ms) >= options.stage_change_share * least * total_ms;
  const bool has_interval = change.interval || change.ms_interval;
  const bool proven = *change.p < options.p_max && (!has_interval || change.clear());
  change.verdict = !(matters && proven) ? Verdict::kSame
                   : change.ms > 0      ? Verdict::kSlower
                                        : Verdict::kFaster;
}

// Tails of stages come last: they only tell where a longer tail comes from, so that testing them
// costs the other tests nothing and can raise no alarm.
void judge_tails_of_stages(double total_ms, const CompareOptions& options, Comparison& comparison) {
  Changes changes;
  bool tail_changed = false;
  for (MeasureComparison& measure : comparison.measures) {
    if (measure.kind == MeasureKind::kStage) changes.push_back(&measure.p95);
    const Verdict verdict = measure.p95.verdict;
    tail_changed |= verdict == Verdict::kSlower || verdict == Verdict::kFaster;
  }
  if (!tail_changed) {
    for (Change* change : changes) change->p.reset();
    return;
  }
  correct(changes);
  for (Change* change : changes) judge(total_ms, options.tail_factor, options, *change);
}

void judge_measures(const CompareOptions& options, Comparison& comparison) {
  const auto total = std::ranges::find(comparison.measures, "total", &MeasureComparison::name);
  const double total_ms = total == comparison.measures.end() ? 0 : total->a.median;
  Changes medians;
  Changes tails;
  for (MeasureComparison& measure : comparison.measures) {
    medians.push_back(&measure.median);
    if (measure.kind != MeasureKind::kStage) tails.push_back(&measure.p95);
  }
  Changes both = medians;
  both.insert(both.end(), tails.begin(), tails.end());
  correct(both, comparison.shares);
  for (Change* change : medians) judge(total_ms, 1, options, *change);
  for (Change* change : tails) judge(total_ms, options.tail_factor, options, *change);
  judge_tails_of_stages(total_ms, options, comparison);
  for (MeasureComparison& measure : comparison.measures) {
    const Verdict tail = measure.p95.verdict;
    measure.verdict = measure.median.verdict;
    if (tail == Verdict::kSlower || (tail == Verdict::kFaster && measure.verdict == Verdict::kSame))
      measure.verdict = tail;
  }
}

void judge(const CompareOptions& options, ShareComparison& share) {
  const double change = share.share_b() - share.share_a();
  const bool proven = share.p && *share.p < options.p_max;
  if (proven && std::abs(change) >= options.share_change_min)
    share.verdict = change > 0 ? Verdict::kWorse : Verdict::kBetter;
}

Verdict verdict_of_times(const Comparison& comparison) {
  const auto any = [&](Verdict verdict, bool stages) {
    return std::ranges::any_of(comparison.measures, [&](const MeasureComparison& measure) {
      return measure.verdict == verdict && (stages || measure.kind == MeasureKind::kHeadline);
    });
  };
  for (const Verdict verdict : {Verdict::kSlower, Verdict::kFaster})
    if (any(verdict, true)) return verdict;
  if (any(Verdict::kSame, false)) return Verdict::kSame;
  return comparison.untested.empty() ? Verdict::kTooFew : Verdict::kUntested;
}

// The total if it changed so, else the first measure that did.
const MeasureComparison* main_measure(const Comparison& comparison, Verdict verdict) {
  const auto it = std::ranges::find_if(comparison.measures, [&](const MeasureComparison& measure) {
    return measure.kind != MeasureKind::kStage && measure.verdict == verdict;
  });
  return it == comparison.measures.end() ? nullptr : &*it;
}

// The stage whose change, in the direction of the verdict, takes the most ms: of those with that
// verdict, or else of those whose interval at least excludes 0.
const MeasureComparison* largest_stage(const Comparison& comparison, Verdict verdict,
                                       Change MeasureComparison::*which, bool proven) {
  const MeasureComparison* largest = nullptr;
  const double sign = verdict == Verdict::kSlower ? 1 : -1;
  for (const MeasureComparison& measure : comparison.measures) {
    // `tasks` is what the stages of the tasks' lanes add up to.
    if (measure.kind != MeasureKind::kStage || measure.name == "tasks") continue;
    const Change& change = measure.*which;
    if (proven ? change.verdict != verdict : !change.clear()) continue;
    if (sign * change.ms > (largest == nullptr ? 0 : sign * (largest->*which).ms))
      largest = &measure;
  }
  return largest;
}

std::string change_clause(Language in, const MeasureComparison& measure, const Change& change,
                          const std::string& of, double before_ms, double after_ms) {
  return say(in, "{:+.3g} % of its {} ({})", "{1} {0:+.3g} %（{2}）", 100 * change.relative, of,
             measure.at_equal_tokens
                 ? say(in, "at equal numbers of tokens", "按相同词元数")
                 : say(in, "{:.3g} to {:.3g} ms", "从 {:.3g} 到 {:.3g} ms", before_ms, after_ms));
}

std::string sentence_of_times(Verdict verdict, Comparison& comparison) {
  const Language in = comparison.language;
  std::string out = say(in, "B is {} than A", "B 比 A {}", verdict_text(in, verdict));
  const MeasureComparison* main = main_measure(comparison, verdict);
  const bool of_tail = main != nullptr && main->median.verdict != verdict;
  if (main != nullptr) {
    std::vector<std::string> changes;
    if (!of_tail)
      changes.push_back(change_clause(in, *main, main->median, say(in, "median", "中位数"),
                                      main->a.median, main->b.median));
    if (main->p95.verdict == verdict)
      changes.push_back(change_clause(in, *main, main->p95, "p95", main->a.p95, main->b.p95));
    const char* both = in == Language::kChinese ? "、" : " and ";
    out += say(in, ": {} {}", "：{} 的{}", main->name, fmt::format("{}", fmt::join(changes, both)));
  }
  const auto which = of_tail ? &MeasureComparison::p95 : &MeasureComparison::median;
  const MeasureComparison* stage = largest_stage(comparison, verdict, which, true);
  const bool proven = stage != nullptr;
  if (!proven) stage = largest_stage(comparison, verdict, which, false);
  if (stage != nullptr) {
    const Change& change = stage->*which;
    comparison.stage = stage->name;
    out += say(in, "; {} is {}responsible ({}{:+.3g} %, {:+.3g} ms)",
               "；{1}原因是 {0}（{2}{3:+.3g} %，{4:+.3g} ms）", stage->name,
               proven ? "" : say(in, "probably ", "很可能"), of_tail ? "p95 " : "",
               100 * change.relative, change.ms);
  }
  return out + say(in, ".", "。");
}

std::string share_text(Language in, size_t count, size_t of) {
  if (count == 0) return say(in, "none", "没有");
  const double percent = 100 * static_cast<double>(count) / static_cast<double>(of);
  return say(in, "{:.3g} % ({} of {})", "{0:.3g} %（{2} 个中的 {1} 个）", percent, count, of);
}

std::string share_event(Language in, const std::string& name) {
  if (name == "failed") return say(in, "failed", "失败");
  if (name == "rejected")
    return say(in, "were rejected as the client's mistake", "因客户端的错误被拒绝");
  if (name == "never sent")
    return say(in, "found no place and were never sent", "没有位置而从未发出");
  return say(in, "were refused", "因过载被拒绝");
}

std::string sentence_of(Language in, const ShareComparison& share) {
  return say(in, "{} requests {}: {} of B's, {} of A's.", "{1}的请求{0}：B 中 {2}，A 中 {3}。",
             share.verdict == Verdict::kWorse ? say(in, "More", "变多") : say(in, "Fewer", "变少"),
             share_event(in, share.name), share_text(in, share.count_b, share.of_b),
             share_text(in, share.count_a, share.of_a));
}

// Of a verdict that is no difference, nothing.
std::string sentence_of_times_or_why_not(Verdict verdict, const CompareOptions& options,
                                         Comparison& comparison) {
  const Language in = comparison.language;
  switch (verdict) {
    case Verdict::kTooFew:
      return say(in,
                 "Too few requests to compare times: {} of A and {} of B were answered, and it "
                 "takes {} of each.",
                 "请求太少，无法比较用时：A 中 {} 个、B 中 {} 个得到回答，每边需要 {} 个。",
                 comparison.a.answered, comparison.b.answered, options.count_min);
    case Verdict::kUntested:
      return say(in, "The times cannot be judged: {}.", "用时无法判断：{}。", comparison.untested);
    case Verdict::kSame:
      return "";
    default:
      return sentence_of_times(verdict, comparison);
  }
}

}  // namespace

std::string_view verdict_name(Verdict verdict) {
  switch (verdict) {
    case Verdict::kFaster:
      return "faster";
    case Verdict::kSlower:
      return "slower";
    case Verdict::kBetter:
      return "better";
    case Verdict::kWorse:
      return "worse";
    case Verdict::kSame:
      return "no difference";
    case Verdict::kTooFew:
      return "too few";
    case Verdict::kUntested:
      return "not tested";
  }
  return "unknown";
}

std::string verdict_text(Language language, Verdict verdict) {
  if (language == Language::kEnglish) return std::string(verdict_name(verdict));
  switch (verdict) {
    case Verdict::kFaster:
      return "更快";
    case Verdict::kSlower:
      return "更慢";
    case Verdict::kBetter:
      return "更好";
    case Verdict::kWorse:
      return "更差";
    case Verdict::kSame:
      return "无差别";
    case Verdict::kTooFew:
      return "请求太少";
    case Verdict::kUntested:
      return "未检验";
  }
  return "?";
}

std::string verdict_text(Language in, const MeasureComparison& measure) {
  std::string out = verdict_text(in, measure.verdict);
  if (measure.verdict != Verdict::kSlower && measure.verdict != Verdict::kFaster) return out;
  if (measure.p95.verdict != measure.verdict) return out;
  const bool both = measure.median.verdict == measure.verdict;
  return out + (both ? say(in, " (median, p95)", "（中位数、p95）") : say(in, " (p95)", "（p95）"));
}

void conclude(const CompareOptions& options, Comparison& comparison) {
  judge_measures(options, comparison);
  for (ShareComparison& share : comparison.shares) judge(options, share);
  const auto any_share = [&](Verdict verdict) {
    return std::ranges::find(comparison.shares, verdict, &ShareComparison::verdict) !=
           comparison.shares.end();
  };
  const Verdict of_times = verdict_of_times(comparison);
  comparison.verdict = any_share(Verdict::kWorse)    ? Verdict::kWorse
                       : of_times != Verdict::kSame  ? of_times
                       : any_share(Verdict::kBetter) ? Verdict::kBetter
                                                     : Verdict::kSame;
  std::vector<std::string> sentences;
  const auto add_shares = [&](Verdict verdict) {
    for (const ShareComparison& share : comparison.shares)
      if (share.verdict == verdict) sentences.push_back(sentence_of(comparison.language, share));
  };
  add_shares(Verdict::kWorse);
  sentences.push_back(sentence_of_times_or_why_not(of_times, options, comparison));
  add_shares(Verdict::kBetter);
  std::erase(sentences, "");
  if (sentences.empty())
    sentences.push_back(
        say(comparison.language, "No difference that matters.", "没有值得注意的差别。"));
  comparison.sentence = sentences_text(comparison.language, sentences);
}

}  // namespace qaio
