// Length against time, with the line of the fit.
#include <algorithm>
#include <cmath>

#include "report/report_charts.h"
#include "report/svg.h"

namespace qaio {
namespace {

constexpr double kHeight = 300;
constexpr double kTop = 24;
constexpr double kBottom = kHeight - 46;
constexpr double kAxisFromZero = 0.4;  // if the least is below so much of the most
constexpr double kUsualShown = 2.5;    // times the most that requests without outliers took
constexpr size_t kNamesMax = 6;
constexpr size_t kNameChars = 20;
constexpr double kLine = 14;

struct Range {
  double low = INFINITY;
  double high = -INFINITY;
  void add(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
};

Scale tokens_scale(const LengthPlot& plot) {
  Range range;
  for (const LengthPoint& point : plot.points) range.add(point.tokens);
  for (const LengthPlot::Outlier& one : plot.outliers) range.add(one.at.tokens);
  if (range.low < kAxisFromZero * range.high) range.low = 0;
  const double margin = std::max(0.02 * (range.high - range.low), 0.5);
  return {std::max(0.0, range.low - margin), range.high + margin, kPlotLeft, kPlotRight};
}

// Up to what the usual take and some more: far outliers stand at the edge, or nothing else would be
// seen.
Scale ms_scale(const LengthPlot& plot) {
  Range usual{0, 1e-6};
  for (const LengthPoint& point : plot.points) usual.add(point.ms);
  Range all = usual;
  for (const LengthPlot::Outlier& one : plot.outliers) all.add(one.at.ms);
  return {all.low, std::min(all.high * 1.05, usual.high * kUsualShown), kBottom, kTop};
}

std::string outlier_mark(const LengthPlot::Outlier& one, const Scale& x, const Scale& y) {
  const std::string tip =
      fmt::format("{}: {} ms ({:+.1f} ms)", one.request_id, ms_text(one.at.ms), one.beyond_ms);
  const double at = x(one.at.tokens);
  if (one.at.ms <= y.high) return svg_circle("slow", at, y(one.at.ms), 4, tip);
  return fmt::format(
      "<path class=\"slow\" d=\"M{:.1f} {:.1f}l5 8h-10z\"><title>{}</title></path>\n", at, kTop,
      html_escaped(tip));
}

// The largest by name, each where no other name stands.
std::string outlier_names(const LengthPlot& plot, const Scale& x, const Scale& y) {
  struct Place {
    double left;
    double right;
    double y;
  };
  std::vector<Place> taken;
  std::string out;
  for (const LengthPlot::Outlier& one : plot.outliers) {
    if (taken.size() == kNamesMax) break;
    const std::string name =
        fmt::format("{} {:+.1f} ms", short_name(one.request_id, kNameChars), one.beyond_ms);
    const double width = svg_text_width(name);
    const double at = x(one.at.tokens);
    const bool to_the_left = at + 8 + width > kPlotRight;
    const Place place{to_the_left ? at - 8 - width : at + 8, to_the_left ? at - 8 : at + 8 + width,
                      y(std::min(one.at.ms, y.high)) + 4};
    const bool free = std::ranges::none_of(taken, [&](const Place& other) {
      return place.left < other.right && other.left < place.right &&
             std::abs(place.y - other.y) < kLine;
    });
    if (!free || place.left < kPlotLeft) continue;  // its mark says it when pointed at
    taken.push_back(place);
    out += svg_text(to_the_left ? at - 8 : at + 8, place.y, to_the_left ? "end" : "start", name);
  }
  return out;
}

}  // namespace

Chart length_chart(const LengthPlot& plot, Language in) {
  const bool reads = plot.stage == Stage::kPrefill;
  Chart chart{.name = fmt::format("length.{}.{}", plot.task, stage_name(plot.stage)),
              .title = reads ? say(in, "{}: reading time against prompt tokens",
                                   "{}：读取时间与提示词元数", plot.task)
                             : say(in, "{}: writing time against generated tokens",
                                   "{}：生成时间与生成词元数", plot.task),
              .caption = say(in,
                             "The line: {0:.3g} ms per token, which explains {1:.0f} % of the "
                             "variation over {2} requests; {3} outlier{4}.",
                             "直线：每个词元 {0:.3g} ms，解释了 {2} 个请求用时变化的 {1:.0f} %；"
                             "{3} 个离群请求。",
                             plot.ms_per_token, 100 * plot.explained, plot.requests,
                             plot.outliers_all, plot.outliers_all == 1 ? "" : "s"),
              .svg = {}};
  const Scale x = tokens_scale(plot);
  const Scale y = ms_scale(plot);
  std::string& out = chart.svg;
  out = open_svg(kHeight, chart.title) + svg_y_axis(y) + svg_x_axis(x, kTop, kBottom, "");
  out += svg_text(kPlotRight, kHeight - 8, "end",
                  reads ? say(in, "prompt tokens computed", "计算的提示词元")
                        : say(in, "generated tokens", "生成的词元"));
  for (const LengthPoint& point : plot.points)
    out += svg_circle("point", x(point.tokens), y(point.ms), 2.5);
  // The line as far as it is above 0 and within the chart.
  const auto tokens_at = [&](double ms) { return (ms - plot.ms_at_zero) / plot.ms_per_token; };
  const double from = std::max(x.low, tokens_at(y.low));
  const double to = std::min(x.high, tokens_at(y.high));
  const auto line_ms = [&](double tokens) { return plot.ms_at_zero + plot.ms_per_token * tokens; };
  if (from < to) out += svg_line("line", x(from), y(line_ms(from)), x(to), y(line_ms(to)));
  for (const LengthPlot::Outlier& one : plot.outliers) out += outlier_mark(one, x, y);
  out += outlier_names(plot, x, y) + "</svg>\n";
  return chart;
}

}  // namespace qaio
