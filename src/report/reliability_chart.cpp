#include "report/reliability_chart.h"

#include <algorithm>

#include "report/svg.h"

namespace qaio {
namespace {

constexpr double kSide = 360;  // the plot is a square, as both its axes are shares
constexpr double kTop = 12;
constexpr double kBottom = kTop + kSide;
constexpr double kCountsHeight = 64;
constexpr double kCountsBottom = kBottom + 34 + kCountsHeight;
constexpr double kHeight = kCountsBottom + 40;
constexpr double kLeft = 120;  // room for the names of axes
constexpr double kGap = 2;     // between the bars of two bins

// Of percent: 0 to 100 across, and upwards.
const Scale kAcross{0, 100, kLeft, kLeft + kSide};
const Scale kUpwards{0, 100, kBottom, kTop};

std::string rectangle(std::string_view style, size_t bin, double top, double bottom,
                      std::string_view tip) {
  const double width = kSide / static_cast<double>(kReliabilityBins);
  return fmt::format(
      "<rect class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\">"
      "<title>{}</title></rect>\n",
      style, kLeft + static_cast<double>(bin) * width + kGap / 2, top, width - kGap,
      std::max(bottom - top, 1.0), html_escaped(tip));
}

std::string grid() {
  std::string out;
  for (int percent = 0; percent <= 100; percent += 20) {
    out += svg_line("grid", kLeft, kUpwards(percent), kLeft + kSide, kUpwards(percent));
    out += svg_line("grid", kAcross(percent), kTop, kAcross(percent), kBottom);
    out += svg_text(kLeft - 8, kUpwards(percent) + 4, "end", fmt::format("{} %", percent));
    out += svg_text(kAcross(percent), kBottom + 16, "middle", fmt::format("{} %", percent));
  }
  return out;
}

}  // namespace

Chart reliability_chart(std::string title, const std::vector<ReliabilityBin>& bins, Language in) {
  Chart chart{
      .name = "reliability",
      .title = std::move(title),
      .caption = say(in,
                     "Bars: the share of a bin's answers that are right, with a point at their "
                     "mean confidence. On the line the two are equal; below it answers are more "
                     "certain than they are right. The lower bars count the texts: few of them "
                     "say little.",
                     "柱：区间内回答正确的比例，点在其平均置信度处。线上二者相等；线下表示回答"
                     "过于自信。下方的柱是文本数：文本少则说明不了什么。"),
      .svg = {}};
  size_t most = 1;
  for (const ReliabilityBin& bin : bins) most = std::max(most, bin.count);
  std::string& out = chart.svg;
  out = open_svg(kHeight, chart.title) + grid();
  std::string points;
  for (size_t i = 0; i < bins.size(); ++i) {
    const ReliabilityBin& bin = bins[i];
    if (bin.count == 0) continue;
    const std::string tip = say(in, "{} texts: confidence {:.1f} %, accuracy {:.1f} %",
                                "{} 条文本：置信度 {:.1f} %，准确率 {:.1f} %", bin.count,
                                100 * bin.confidence, 100 * bin.accuracy);
    const double accuracy = kUpwards(100 * bin.accuracy);
    const double of_most = static_cast<double>(bin.count) / static_cast<double>(most);
    out += rectangle("p95", i, accuracy, kBottom, tip);
    out += rectangle("sum", i, kCountsBottom - of_most * kCountsHeight, kCountsBottom, tip);
    points += svg_circle("median", kAcross(100 * bin.confidence), accuracy, 4, tip);
  }
  out += svg_line("zero", kAcross(0), kUpwards(0), kAcross(100), kUpwards(100)) + points;
  out += svg_text(kLeft - 52, kTop + kSide / 2, "end", say(in, "accuracy", "准确率"));
  out += svg_text(kLeft + kSide + 14, kBottom + 4, "start", say(in, "confidence", "置信度"));
  out += svg_text(kLeft - 8, kCountsBottom - kCountsHeight + 8, "end", fmt::format("{}", most));
  out += svg_text(kLeft - 52, kCountsBottom - kCountsHeight / 2, "end", say(in, "texts", "文本"));
  out += svg_line("zero", kLeft, kCountsBottom, kLeft + kSide, kCountsBottom);
  out += "</svg>\n";
  return chart;
}

}  // namespace qaio
