#include "report/svg.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text_table.h"

namespace qaio {
namespace {

// 1, 2 or 5 times a power of ten, so that about `count` steps make `range`.
double nice_step(double range, int count) {
  const double raw = range / count;
  const double power = std::pow(10, std::floor(std::log10(raw)));
  for (const double factor : {1.0, 2.0, 5.0})
    if (raw <= factor * power) return factor * power;
  return 10 * power;
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

std::string short_name(std::string_view name, size_t chars_max) {
  size_t chars = 0;
  for (size_t i = 0; i < name.size(); ++i) {
    const bool begins = (static_cast<unsigned char>(name[i]) & 0xC0) != 0x80;
    if (begins && ++chars > chars_max) return std::string(name.substr(0, i)) + "…";
  }
  return std::string(name);
}

std::string open_svg(double height, std::string_view label) {
  return fmt::format(
      "<svg class=\"svg-chart\" viewBox=\"0 0 {:.0f} {:.0f}\" role=\"img\" aria-label=\"{}\">\n",
      kChartWidth, height, html_escaped(label));
}

std::string standalone_svg(std::string_view svg) {
  constexpr std::string_view kBegin = "<svg";
  std::string out(kBegin);
  out += " xmlns=\"http://www.w3.org/2000/svg\"";
  return out += svg.substr(kBegin.size());
}

std::string svg_text(double x, double y, std::string_view anchor, std::string_view what) {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\">{}</text>\n", x, y, anchor,
                     html_escaped(what));
}

std::string svg_bar(double x, double y, double width, std::string_view style,
                    std::string_view tip) {
  return fmt::format(
      "<rect class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.0f}\" rx=\"2\">"
      "<title>{}</title></rect>\n",
      style, x, y, std::max(width, 1.0), kChartRow - 8, html_escaped(tip));
}

std::string svg_line(std::string_view style, double x1, double y1, double x2, double y2) {
  return fmt::format(
      "<line class=\"{}\" x1=\"{:.1f}\" x2=\"{:.1f}\" y1=\"{:.1f}\" y2=\"{:.1f}\"/>\n", style, x1,
      x2, y1, y2);
}

std::string svg_circle(std::string_view style, double x, double y, double radius,
                       std::string_view tip) {
  const std::string head =
      fmt::format("<circle class=\"{}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{}\"", style, x, y, radius);
  return tip.empty() ? head + "/>\n"
                     : head + "><title>" + html_escaped(tip) + "</title></circle>\n";
}

std::string svg_y_axis(const Scale& y) {
  if (y.high <= y.low) return {};
  std::string out;
  const double step = nice_step(y.high - y.low, 5);
  for (double value = std::ceil(y.low / step) * step; value <= y.high; value += step) {
    out += svg_line("grid", kPlotLeft, y(value), kPlotRight, y(value));
    out += svg_text(kPlotLeft - 6, y(value) + 4, "end", fmt::format("{:g}", value));
  }
  return out + svg_text(kPlotLeft - 6, y.to_px - 10, "end", "ms");
}

std::string svg_x_axis(const Scale& x, double top, double bottom, std::string_view unit) {
  if (x.high <= x.low) return {};
  std::string out;
  const double step = nice_step(x.high - x.low, 8);
  for (double i = std::ceil(x.low / step); i * step <= x.high; ++i) {
    const double value = i * step;  // exact where it is 0
    out += svg_line("grid", x(value), top, x(value), bottom);
    out += svg_text(x(value), bottom + 16, "middle", fmt::format("{:g}{}", value, unit));
  }
  return out;
}

double svg_text_width(std::string_view text) { return 7.0 * display_width(text); }

}  // namespace qaio
