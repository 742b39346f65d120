#include "report/report_charts.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/utc_text.h"
#include "report/svg.h"

namespace qaio {
namespace {

constexpr double kLabelWidth = 190;
constexpr double kValueWidth = 110;
constexpr double kChangeLabelWidth = 120;

// The class of its colour in charts.css: stages of one kind share one.
std::string_view stage_class(std::string_view name) {
  constexpr auto kKinds = std::to_array<std::pair<std::string_view, std::string_view>>({
      {"http_read", "stage-http"},
      {"parse", "stage-http"},
      {"serialize", "stage-http"},
      {"http_write", "stage-http"},
      {"tasks", "stage-tasks"},
      {"prompt_build", "stage-prompt"},
      {"tokenize", "stage-prompt"},
      {"queue", "stage-queue"},
      {"prefill", "stage-prefill"},
      {"decode", "stage-decode"},
      {"score", "stage-score"},
      {"output_parse", "stage-parse"},
  });
  const auto found =
      std::ranges::find(kKinds, name, &std::pair<std::string_view, std::string_view>::first);
  return found == kKinds.end() ? "stage-none" : found->second;
}

// The changes of the total where they happened, each label below the one before it as long as they
// would meet.
std::string change_marks(const Report& report, const Scale& y, double step) {
  constexpr double kLine = 14;
  constexpr int kLines = 4;
  std::string marks;
  int row = 0;
  double free_from = 0;
  for (const TrendChange& change : report.changes) {
    if (change.measure != "total") continue;
    const auto group = std::ranges::find(report.trend, change.label, &TrendGroup::label);
    const double x =
        kPlotLeft + step * (static_cast<double>(group - report.trend.begin()) + change.fraction);
    row = x < free_from ? (row + 1) % kLines : 0;
    free_from = x + kChangeLabelWidth;
    const double top = 12 + kLine * row;
    marks += fmt::format(
        "<line class=\"change\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1:.1f}\" y2=\"{2:.1f}\">"
        "<title>{3}, {4}</title></line>\n",
        x, top - 8, y(0), utc_second_text(change.arrived_unix_ms), html_escaped(change.request_id));
    const bool at_the_end = x + kChangeLabelWidth > kChartWidth;
    marks +=
        svg_text(at_the_end ? x - 4 : x + 4, top, at_the_end ? "end" : "start",
                 fmt::format("{} → {} ms", ms_text(change.before_ms), ms_text(change.after_ms)));
  }
  return marks;
}

// The stages of one lane as parts of a bar, and below it what each of them is.
class ShareLane {
 public:
  ShareLane(std::string name, double y) : name_(std::move(name)), y_(y) {}
  void add(const StageRow& row, std::string stage) {
    if (row.mean <= 0) return;
    total_ms_ += row.mean;
    parts_.emplace_back(std::move(stage), row.mean);
  }
  bool empty() const { return total_ms_ <= 0; }
  double bottom() const { return bottom_; }

  std::string svg() {
    std::string out = svg_text(0, y_ + 13, "start",
                               fmt::format("{}: {} ms", short_name(name_, 16), ms_text(total_ms_)));
    const Scale x{0, total_ms_, kLabelWidth, kChartWidth};
    double begin_ms = 0;
    double legend_x = kLabelWidth;
    double legend_y = y_ + kChartRow;
    for (const auto& [stage, ms] : parts_) {
      const std::string what = fmt::format("{} {:.1f} %", stage, 100 * ms / total_ms_);
      const std::string_view style = stage_class(stage);
      out += svg_bar(x(begin_ms), y_ + 2, x(begin_ms + ms) - x(begin_ms), style,
                     fmt::format("{}, {} ms", what, ms_text(ms)));
      begin_ms += ms;
      const double width = 16 + svg_text_width(what) + 14;
      if (legend_x + width > kChartWidth) {
        legend_x = kLabelWidth;
        legend_y += kLegendRow;
      }
      out += svg_circle(style, legend_x + 5, legend_y + 8, 5);
      out += svg_text(legend_x + 15, legend_y + 12, "start", what);
      legend_x += width;
    }
    bottom_ = legend_y + kLegendRow;
    return out;
  }

 private:
  static constexpr double kLegendRow = 18;
  std::string name_;
  double y_;
  double bottom_ = 0;
  double total_ms_ = 0;
  std::vector<std::pair<std::string, double>> parts_;
};

}  // namespace

Chart shares_chart(const Report& report) {
  const Language in = report.language;
  Chart chart{
      .name = "shares",
      .title = say(in, "Where the time of a request goes", "请求的时间花在哪里"),
      .caption = say(in,
                     "Means of the request itself and of each task in it; tasks run side by "
                     "side within the stage tasks.",
                     "请求本身及其中每个任务的平均值；各任务在 tasks 阶段内并行。"),
      .svg = {}};
  std::string body;
  double y = 4;
  std::string_view lane;  // whose stages come now
  std::vector<const StageRow*> rows;
  const auto flush = [&] {
    ShareLane bar(lane.empty() ? say(in, "request", "请求") : std::string(lane), y);
    for (const StageRow* row : rows)
      bar.add(*row, row->name.substr(lane.empty() ? 0 : lane.size() + 1));
    rows.clear();
    if (bar.empty()) return;
    body += bar.svg();
    y = bar.bottom() + 10;
  };
  for (const StageRow& row : report.stages) {
    if (row.kind != MeasureKind::kStage) continue;
    if (row.task != lane) {
      flush();
      lane = row.task;
    }
    rows.push_back(&row);
  }
  flush();
  chart.svg = open_svg(y, chart.title) + body + "</svg>\n";
  return chart;
}

Chart stages_chart(const Report& report) {
  const Language in = report.language;
  std::vector<const StageRow*> rows;
  double longest = 0;
  for (const StageRow& row : report.stages) {
    if (row.kind == MeasureKind::kHeadline && row.name != "total") continue;
    rows.push_back(&row);
    longest = std::max(longest, row.p95);
  }
  Chart chart{
      .name = "stages",
      .title = say(in, "Mean and 95th percentile of each stage", "每个阶段的平均值与 95 分位数"),
      .caption = say(in, "Dark: mean; light: 95th percentile; in ms.",
                     "深色：平均值；浅色：95 分位数；单位 ms。"),
      .svg = {}};
  std::string& out = chart.svg;
  out = open_svg(kChartRow * static_cast<double>(rows.size()) + 8, chart.title);
  const Scale x{0, longest, kLabelWidth, kChartWidth - kValueWidth};
  double y = 4;
  for (const StageRow* row : rows) {
    const std::string tip =
        say(in, "{}: mean {} ms, p95 {} ms, max {} ms", "{}：平均 {} ms，p95 {} ms，最大 {} ms",
            row->name, ms_text(row->mean), ms_text(row->p95), ms_text(row->max));
    out += svg_text(kLabelWidth - 8, y + 13, "end", short_name(row->name, 26));
    out += svg_bar(kLabelWidth, y + 2, x(row->p95) - kLabelWidth, "p95", tip);
    out += svg_bar(kLabelWidth, y + 2, x(row->mean) - kLabelWidth,
                   row->kind == MeasureKind::kStage ? "mean" : "sum", tip);
    out += svg_text(x(row->p95) + 6, y + 13, "start",
                    fmt::format("{} / {}", ms_text(row->mean), ms_text(row->p95)));
    y += kChartRow;
  }
  out += "</svg>\n";
  return chart;
}

Chart timeline_chart(const Report& report) {
  constexpr double kHeight = 220;
  const Language in = report.language;
  double highest = 0;
  int64_t first = INT64_MAX;
  int64_t last = 0;
  for (const TimelinePoint& point : report.timeline) {
    highest = std::max(highest, point.total_ms);
    first = std::min(first, point.arrived_unix_ms);
    last = std::max(last, point.arrived_unix_ms);
  }
  const auto total = std::ranges::find(report.stages, "total", &StageRow::name);
  const Scale x{0, static_cast<double>(last - first), kPlotLeft, kPlotRight};
  const Scale y{0, highest * 1.05, kHeight - 30, 24};
  Chart chart{.name = "timeline",
              .title = say(in, "Response times over time", "响应时间随时间的变化"),
              .caption = say(in, "Each point is a request; the slowest 5 % stand out.",
                             "每个点是一个请求；最慢的 5 % 以不同颜色标出。"),
              .svg = {}};
  std::string& out = chart.svg;
  out = open_svg(kHeight, chart.title) + svg_y_axis(y);
  for (const TimelinePoint& point : report.timeline) {
    const bool slow = total != report.stages.end() && point.total_ms >= total->p95;
    out +=
        svg_circle(slow ? "slow" : "point", x(static_cast<double>(point.arrived_unix_ms - first)),
                   y(point.total_ms), 2.5);
  }
  out += svg_text(kPlotLeft, kHeight - 8, "start", utc_second_text(first));
  out += svg_text(kPlotRight, kHeight - 8, "end", utc_second_text(last));
  out += "</svg>\n";
  return chart;
}

Chart waterfall_chart(const Report& report, size_t number) {
  const Language in = report.language;
  const Waterfall& fall = report.slowest[number];
  Chart chart{
      .name = fmt::format("slowest.{}", number + 1),
      .title = say(in, "Stages of request {}", "请求 {} 的各阶段", short_name(fall.request_id, 40)),
      .caption = {},
      .svg = {}};
  std::string& out = chart.svg;
  out = open_svg(kChartRow * static_cast<double>(fall.bars.size()) + 8, chart.title);
  const Scale x{0, std::max(fall.total_ms, 1e-9), kLabelWidth, kChartWidth - kValueWidth};
  double y = 4;
  for (const WaterfallBar& one : fall.bars) {
    const std::string name = stage_text(one.task, one.stage);
    const std::string ms = ms_text(one.end_ms - one.begin_ms);
    out += svg_text(kLabelWidth - 8, y + 13, "end", short_name(name, 26));
    out += svg_bar(x(one.begin_ms), y + 2, x(one.end_ms) - x(one.begin_ms),
                   stage_class(stage_name(one.stage)),
                   say(in, "{}: {} ms from {} ms on", "{}：{} ms，从 {} ms 起", name, ms,
                       ms_text(one.begin_ms)));
    out += svg_text(x(one.end_ms) + 6, y + 13, "start", ms);
    y += kChartRow;
  }
  out += "</svg>\n";
  return chart;
}

Chart trend_chart(const Report& report) {
  constexpr double kHeight = 280;
  constexpr double kTop = 64;  // above it: the labels of changes
  const Language in = report.language;
  double highest = 0;
  for (const TrendGroup& group : report.trend) highest = std::max(highest, group.p95);
  const Scale y{0, highest * 1.08, kHeight - 40, kTop};
  const double step = (kPlotRight - kPlotLeft) / static_cast<double>(report.trend.size());
  Chart chart{.name = "trend",
              .title = say(in, "Trend of the total", "总用时的趋势"),
              .caption = say(in,
                             "Line: median with its 95 % interval; red points: 95th percentile; "
                             "dashed: where the level changed.",
                             "折线：中位数及其 95 % 区间；红点：95 分位数；虚线：水平变化之处。"),
              .svg = {}};
  std::string line;
  std::string marks;
  const size_t every = report.trend.size() / 10 + 1;  // labels that fit
  for (size_t i = 0; i < report.trend.size(); ++i) {
    const TrendGroup& group = report.trend[i];
    const double x = kPlotLeft + step * (static_cast<double>(i) + 0.5);
    line += fmt::format("{:.1f},{:.1f} ", x, y(group.p50));
    marks += svg_line("interval", x, y(group.p50_interval.low), x, y(group.p50_interval.high));
    marks += svg_circle("median", x, y(group.p50), 3.5,
                        say(in, "{}: median {} ms, {} requests", "{}：中位数 {} ms，{} 个请求",
                            group.label, ms_text(group.p50), group.count));
    marks += svg_circle("slow", x, y(group.p95), 2.5,
                        fmt::format("{}: p95 {} ms", group.label, ms_text(group.p95)));
    if (i % every == 0) marks += svg_text(x, kHeight - 22, "middle", short_name(group.label, 14));
  }
  chart.svg = open_svg(kHeight, chart.title) + svg_y_axis(y) +
              "<polyline class=\"line\" points=\"" + line + "\"/>\n" + marks +
              change_marks(report, y, step) + "</svg>\n";
  return chart;
}

std::vector<Chart> report_charts(const Report& report) {
  std::vector<Chart> charts;
  if (report.answered == 0) return charts;
  charts.push_back(shares_chart(report));
  if (!report.timeline.empty()) charts.push_back(timeline_chart(report));
  for (const LengthPlot& plot : report.lengths)
    charts.push_back(length_chart(plot, report.language));
  charts.push_back(stages_chart(report));
  for (size_t i = 0; i < report.slowest.size(); ++i) charts.push_back(waterfall_chart(report, i));
  if (!report.trend.empty()) charts.push_back(trend_chart(report));
  return charts;
}

}  // namespace qaio
