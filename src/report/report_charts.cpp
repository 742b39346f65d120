#include "report/report_charts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/utc_text.h"

namespace qaio {
namespace {

constexpr double kWidth = 860;
constexpr double kLabelWidth = 170;
constexpr double kValueWidth = 110;
constexpr double kRow = 22;
constexpr double kChangeLabelWidth = 120;

// Maps [low, high] to pixels; a wrong order of pixels turns the axis around.
struct Scale {
  double low;
  double high;
  double from_px;
  double to_px;
  double operator()(double value) const {
    const double at = high > low ? (value - low) / (high - low) : 0;
    return from_px + at * (to_px - from_px);
  }
};

std::string open_svg(double height, std::string_view label) {
  return fmt::format("<svg viewBox=\"0 0 {:.0f} {:.0f}\" role=\"img\" aria-label=\"{}\">\n", kWidth,
                     height, html_escaped(label));
}

std::string text(double x, double y, std::string_view anchor, std::string_view what) {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\">{}</text>\n", x, y, anchor,
                     html_escaped(what));
}

std::string bar(double x, double y, double width, std::string_view style, std::string_view tip) {
  return fmt::format(
      "<rect class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.0f}\" rx=\"2\">"
      "<title>{}</title></rect>\n",
      style, x, y, std::max(width, 1.0), kRow - 8, html_escaped(tip));
}

// 1, 2 or 5 times a power of ten, so that about `count` steps make `range`.
double nice_step(double range, int count) {
  const double raw = range / count;
  const double power = std::pow(10, std::floor(std::log10(raw)));
  for (const double factor : {1.0, 2.0, 5.0})
    if (raw <= factor * power) return factor * power;
  return 10 * power;
}

// Horizontal lines with their values in ms.
std::string ms_axis(const Scale& y, double left, double right) {
  if (y.high <= y.low) return {};
  std::string out;
  const double step = nice_step(y.high - y.low, 5);
  for (double value = std::ceil(y.low / step) * step; value <= y.high; value += step) {
    out += fmt::format(
        "<line class=\"grid\" x1=\"{:.1f}\" x2=\"{:.1f}\" y1=\"{:.1f}\" y2=\"{:.1f}\"/>\n", left,
        right, y(value), y(value));
    out += text(left - 6, y(value) + 4, "end", fmt::format("{:g}", value));
  }
  return out + text(left - 6, y.to_px - 10, "end", "ms");
}

std::string_view stage_class(Stage stage) {
  switch (stage) {
    case Stage::kPrefill:
      return "prefill";
    case Stage::kDecode:
      return "decode";
    case Stage::kScore:
      return "score";
    case Stage::kQueue:
      return "queue";
    case Stage::kTasks:
      return "tasks";
    default:
      return "other";
  }
}

// The changes of the total where they happened, each label below the one before it as long as they
// would meet.
std::string change_marks(const Report& report, const Scale& y, double left, double step) {
  constexpr double kLine = 14;
  constexpr int kLines = 4;
  std::string marks;
  int row = 0;
  double free_from = 0;
  for (const TrendChange& change : report.changes) {
    if (change.measure != "total") continue;
    const auto group = std::ranges::find(report.trend, change.label, &TrendGroup::label);
    const double x =
        left + step * (static_cast<double>(group - report.trend.begin()) + change.fraction);
    row = x < free_from ? (row + 1) % kLines : 0;
    free_from = x + kChangeLabelWidth;
    const double top = 12 + kLine * row;
    marks += fmt::format(
        "<line class=\"change\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1:.1f}\" y2=\"{2:.1f}\">"
        "<title>{3}, request {4}</title></line>\n",
        x, top - 8, y(0), utc_second_text(change.arrived_unix_ms), html_escaped(change.request_id));
    const bool at_the_end = x + kChangeLabelWidth > kWidth;
    marks += text(at_the_end ? x - 4 : x + 4, top, at_the_end ? "end" : "start",
                  fmt::format("{} to {} ms", ms_text(change.before_ms), ms_text(change.after_ms)));
  }
  return marks;
}

}  // namespace

std::string html_escaped(std::string_view raw) {
  std::string out;
  for (const char c : raw) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string stages_chart(const Report& report) {
  std::vector<const StageRow*> rows;
  double longest = 0;
  for (const StageRow& row : report.stages) {
    if (row.kind == MeasureKind::kHeadline && row.name != "total") continue;
    rows.push_back(&row);
    longest = std::max(longest, row.p95);
  }
  const double height = kRow * static_cast<double>(rows.size()) + 8;
  std::string out = open_svg(height, "Mean and 95th percentile of each stage");
  const Scale x{0, longest, kLabelWidth, kWidth - kValueWidth};
  double y = 4;
  for (const StageRow* row : rows) {
    const std::string tip = fmt::format("{}: mean {} ms, p95 {} ms, max {} ms", row->name,
                                        ms_text(row->mean), ms_text(row->p95), ms_text(row->max));
    out += text(kLabelWidth - 8, y + 13, "end", row->name);
    out += bar(kLabelWidth, y + 2, x(row->p95) - kLabelWidth, "p95", tip);
    out += bar(kLabelWidth, y + 2, x(row->mean) - kLabelWidth,
               row->kind == MeasureKind::kStage ? "mean" : "sum", tip);
    out += text(x(row->p95) + 6, y + 13, "start",
                fmt::format("{} / {}", ms_text(row->mean), ms_text(row->p95)));
    y += kRow;
  }
  return out + "</svg>\n";
}

std::string timeline_chart(const Report& report) {
  constexpr double kHeight = 220;
  double highest = 0;
  int64_t first = INT64_MAX;
  int64_t last = 0;
  for (const TimelinePoint& point : report.timeline) {
    highest = std::max(highest, point.total_ms);
    first = std::min(first, point.arrived_unix_ms);
    last = std::max(last, point.arrived_unix_ms);
  }
  const auto total = std::ranges::find(report.stages, "total", &StageRow::name);
  const Scale x{0, static_cast<double>(last - first), 60, kWidth - 20};
  const Scale y{0, highest * 1.05, kHeight - 30, 24};
  std::string out = open_svg(kHeight, "Response times over time") + ms_axis(y, 60, kWidth - 20);
  for (const TimelinePoint& point : report.timeline) {
    const bool slow = total != report.stages.end() && point.total_ms >= total->p95;
    out += fmt::format("<circle class=\"{}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"2.5\"/>\n",
                       slow ? "slow" : "point",
                       x(static_cast<double>(point.arrived_unix_ms - first)), y(point.total_ms));
  }
  out += text(60, kHeight - 8, "start", utc_second_text(first));
  out += text(kWidth - 20, kHeight - 8, "end", utc_second_text(last));
  return out + "</svg>\n";
}

std::string waterfall_chart(const Waterfall& fall) {
  const double height = kRow * static_cast<double>(fall.bars.size()) + 8;
  std::string out = open_svg(height, "Stages of request " + fall.request_id);
  const Scale x{0, std::max(fall.total_ms, 1e-9), kLabelWidth, kWidth - kValueWidth};
  double y = 4;
  for (const WaterfallBar& one : fall.bars) {
    const std::string stage(stage_name(one.stage));
    const std::string name = one.task.empty() ? stage : one.task + "." + stage;
    const std::string ms = ms_text(one.end_ms - one.begin_ms);
    out += text(kLabelWidth - 8, y + 13, "end", name);
    out += bar(x(one.begin_ms), y + 2, x(one.end_ms) - x(one.begin_ms), stage_class(one.stage),
               fmt::format("{}: {} ms from {} ms on", name, ms, ms_text(one.begin_ms)));
    out += text(x(one.end_ms) + 6, y + 13, "start", ms);
    y += kRow;
  }
  return out + "</svg>\n";
}

std::string trend_chart(const Report& report) {
  constexpr double kHeight = 280;
  constexpr double kLeft = 60;
  constexpr double kTop = 64;  // above it: the labels of changes
  double highest = 0;
  for (const TrendGroup& group : report.trend) highest = std::max(highest, group.p95);
  const Scale y{0, highest * 1.08, kHeight - 40, kTop};
  const double step = (kWidth - 20 - kLeft) / static_cast<double>(report.trend.size());
  std::string out = open_svg(kHeight, "Trend of the total") + ms_axis(y, kLeft, kWidth - 20);
  std::string line;
  std::string marks;
  const size_t every = report.trend.size() / 10 + 1;  // labels that fit
  for (size_t i = 0; i < report.trend.size(); ++i) {
    const TrendGroup& group = report.trend[i];
    const double x = kLeft + step * (static_cast<double>(i) + 0.5);
    line += fmt::format("{:.1f},{:.1f} ", x, y(group.p50));
    marks += fmt::format(
        "<line class=\"interval\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1:.1f}\" y2=\"{2:.1f}\"/>\n",
        x, y(group.p50_interval.low), y(group.p50_interval.high));
    marks += fmt::format(
        "<circle class=\"median\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3.5\"><title>{}: median {} ms, "
        "{} "
        "requests</title></circle>\n",
        x, y(group.p50), html_escaped(group.label), ms_text(group.p50), group.count);
    marks += fmt::format("<circle class=\"slow\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"2.5\"/>\n", x,
                         y(group.p95));
    if (i % every == 0) marks += text(x, kHeight - 22, "middle", group.label);
  }
  return out + "<polyline class=\"line\" points=\"" + line + "\"/>\n" + marks +
         change_marks(report, y, kLeft, step) + "</svg>\n";
}

}  // namespace qaio
