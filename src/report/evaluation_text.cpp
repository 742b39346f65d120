// An evaluation for people at a terminal.
#include <fmt/format.h>

#include "base/printable.h"
#include "report/evaluation.h"
#include "report/evaluation_sections.h"
#include "report/report_text.h"

namespace qaio {

std::string evaluation_text(const Evaluation& e, Language in) {
  std::string out = evaluation_sentence(e, in) + "\n\n" + grid_text(confusion_grid(e, in)) + '\n' +
                    grid_text(probability_grid(e, in)) + '\n' +
                    grid_text(reliability_grid(reliability_bins(e.predictions), in)) + '\n';
  if (e.failed > 0) out += failure_sentence(e, in) + '\n';
  out += latency_sentence(e, in) + '\n';
  for (const Evaluation::Mistake& mistake : e.mistakes) {
    out += say(in, "{} taken for {}: {}\n", "{} 被当作 {}：{}\n", mistake.truth, mistake.answer,
               mistake.text);
  }
  if (e.calibration) {
    const Grid figures = calibration_grid(e, in);
    out += '\n' + calibration_sentence(e, in) + '\n';
    if (!figures.rows.empty()) out += '\n' + grid_text(figures);
  }
  return printable(out, PrintableAs::kText);
}

}  // namespace qaio
