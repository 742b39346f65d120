// Parts of charts as SVG. Classes only: charts.css has the colours, light and dark.
#pragma once

#include <string>
#include <string_view>

namespace qaio {

inline constexpr double kChartWidth = 860;
inline constexpr double kChartRow = 22;  // of charts with a row for each thing
inline constexpr double kPlotLeft =
    60;  // of charts with an axis of ms: their numbers are before it
inline constexpr double kPlotRight = kChartWidth - 20;

std::string html_escaped(std::string_view text);
// Ids and names that clients chose, cut to what a chart has room for.
std::string short_name(std::string_view name, size_t chars_max);

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

std::string open_svg(double height, std::string_view label);
// As a file of its own needs it; within HTML the namespace is known.
std::string standalone_svg(std::string_view svg);
std::string svg_text(double x, double y, std::string_view anchor, std::string_view what);
// A rectangle as high as a row's bar.
std::string svg_bar(double x, double y, double width, std::string_view style, std::string_view tip);
std::string svg_line(std::string_view style, double x1, double y1, double x2, double y2);
std::string svg_circle(std::string_view style, double x, double y, double radius,
                       std::string_view tip = "");
// Horizontal lines from kPlotLeft to kPlotRight with their values in ms.
std::string svg_y_axis(const Scale& y);
// Vertical lines from `top` to `bottom`, their values below, `unit` after each.
std::string svg_x_axis(const Scale& x, double top, double bottom, std::string_view unit);
// What a line of the charts' text takes, in pixels.
double svg_text_width(std::string_view text);

}  // namespace qaio
