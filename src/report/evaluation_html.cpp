// An evaluation as one HTML file that needs nothing else.
#include "report/evaluation.h"
#include "report/evaluation_sections.h"
#include "report/html_page.h"
#include "report/reliability_chart.h"
#include "report/svg.h"

namespace qaio {
namespace {

std::string heading(std::string_view text) { return "<h2>" + html_escaped(text) + "</h2>\n"; }

std::string calibration_html(const Evaluation& e, Language in) {
  std::string out = heading(say(in, "Calibration", "校准")) + "<p class=\"meaning\">" +
                    html_escaped(calibration_sentence(e, in)) + "</p>\n";
  if (!e.calibration->temperature) return out;
  out += html_table(calibration_grid(e, in));
  const auto chart = [&](std::string title, const CalibrationFigures& figures) {
    Chart one = reliability_chart(std::move(title), figures.bins, in);
    one.caption.clear();  // which stands under the first chart of the page
    out += html_chart(one);
  };
  chart(say(in, "The unseen half without it", "未见过的一半，校准前"), e.calibration->before);
  chart(say(in, "The unseen half with it", "未见过的一半，校准后"), e.calibration->after);
  return out;
}

std::string mistakes_html(const Evaluation& e, Language in) {
  Grid grid{.right = {false, false, false}, .rows = {}};
  grid.rows.push_back(
      {say(in, "truth", "真实"), say(in, "answer", "回答"), say(in, "text", "文本")});
  for (const Evaluation::Mistake& one : e.mistakes) {
    grid.rows.push_back({one.truth, one.answer, one.text});
  }
  return heading(say(in, "Misjudged", "误判")) + html_table(grid);
}

}  // namespace

std::string evaluation_html(const Evaluation& e, Language in) {
  const std::vector<ReliabilityBin> bins = reliability_bins(e.predictions);
  std::string out = html_head(say(in, "How good is {}?", "{} 的质量如何？", e.task), in);
  out += "<p class=\"meaning\">" + html_escaped(evaluation_sentence(e, in)) + "</p>\n";
  if (e.failed > 0) out += html_soft(failure_sentence(e, in));
  out += html_soft(latency_sentence(e, in)) + html_table(confusion_grid(e, in));
  out += heading(say(in, "Can its probabilities be trusted?", "概率可信吗？"));
  out += html_table(probability_grid(e, in));
  out += html_chart(reliability_chart(say(in, "Reliability", "可靠性"), bins, in));
  out += "<details><summary>" + say(in, "All figures", "全部数字") + "</summary>\n" +
         html_table(reliability_grid(bins, in)) + "</details>\n";
  if (e.calibration) out += calibration_html(e, in);
  if (!e.mistakes.empty()) out += mistakes_html(e, in);
  return out + "</html>\n";
}

}  // namespace qaio
