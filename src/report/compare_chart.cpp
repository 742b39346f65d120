// A comparison as a picture: of each measure, how its median changed.
#include "report/compare_chart.h"

#include <algorithm>

#include "report/svg.h"

namespace qaio {
namespace {

constexpr double kLabelWidth = 200;
constexpr double kValueWidth = 220;
constexpr double kLeast = 0.1;  // the axis shows at least so much either way ...
constexpr double kMost = 3;     // ... and no more

std::string verdict_class(Verdict verdict) {
  switch (verdict) {
    case Verdict::kSlower:
    case Verdict::kWorse:
      return "slower";
    case Verdict::kFaster:
    case Verdict::kBetter:
      return "faster";
    default:
      return "same";
  }
}

std::vector<const MeasureComparison*> shown_measures(const Comparison& comparison) {
  std::vector<const MeasureComparison*> shown;
  for (const MeasureComparison& measure : comparison.measures)
    if (!measure.immaterial) shown.push_back(&measure);
  return shown;
}

// Of the changes, in percent.
Scale change_scale(const std::vector<const MeasureComparison*>& measures) {
  double low = -kLeast;
  double high = kLeast;
  for (const MeasureComparison* measure : measures) {
    const Change& change = measure->median;
    if (change.verdict == Verdict::kTooFew) continue;
    low = std::min({low, change.relative, change.interval ? change.interval->low : 0});
    high = std::max({high, change.relative, change.interval ? change.interval->high : 0});
  }
  return {100 * std::max(low, -1.0), 100 * std::min(high, kMost), kLabelWidth,
          kChartWidth - kValueWidth};
}

std::string measure_row(Language in, const MeasureComparison& measure, const Scale& x, double y) {
  std::string out = svg_text(kLabelWidth - 10, y + 13, "end", short_name(measure.name, 27));
  const Change& change = measure.median;
  const std::string changed = change_text(measure, change);
  out += svg_text(kChartWidth - kValueWidth + 14, y + 13, "start",
                  (changed.empty() ? "" : changed + "  ") + verdict_text(in, measure));
  if (change.verdict == Verdict::kTooFew) return out;
  const auto at = [&](double relative) { return x(std::clamp(100 * relative, x.low, x.high)); };
  const std::string style = verdict_class(measure.verdict);
  const std::string tip = say(in, "{}: median {} ms, then {} ms", "{}：中位数 {} ms，之后 {} ms",
                              measure.name, ms_text(measure.a.median), ms_text(measure.b.median));
  if (change.interval) {
    out += svg_line("interval " + style, at(change.interval->low), y + 9, at(change.interval->high),
                    y + 9);
  }
  return out + svg_circle("median " + style, at(change.relative), y + 9, 4, tip);
}

}  // namespace

std::optional<Chart> comparison_chart(const Comparison& comparison) {
  const Language in = comparison.language;
  const std::vector<const MeasureComparison*> measures = shown_measures(comparison);
  if (measures.empty()) return std::nullopt;
  const bool equal = std::ranges::any_of(measures, &MeasureComparison::at_equal_tokens);
  Chart chart{.name = "comparison",
              .title = say(in, "Change of each median from A to B", "各中位数从 A 到 B 的变化"),
              .caption = say(
                  in, "With 95 % intervals; to the right of 0 B is slower.{}",
                  "带 95 % 区间；0 的右侧表示 B 更慢。{}",
                  equal ? say(in, " * At equal numbers of tokens.", "* 按相同词元数比较。") : ""),
              .svg = {}};
  const double bottom = 4 + kChartRow * static_cast<double>(measures.size());
  const Scale x = change_scale(measures);
  std::string& out = chart.svg;
  out = open_svg(bottom + 24, chart.title) + svg_x_axis(x, 0, bottom, " %") +
        svg_line("zero", x(0), 0, x(0), bottom);
  double y = 2;
  for (const MeasureComparison* measure : measures) {
    out += measure_row(in, *measure, x, y);
    y += kChartRow;
  }
  out += "</svg>\n";
  return chart;
}

}  // namespace qaio
