// An evaluation as sentences and tables: what its text and HTML forms share.
#pragma once

#include <string>
#include <vector>

#include "report/evaluation.h"
#include "report/report_sections.h"

namespace qaio {

// Its verdict in one sentence.
std::string evaluation_sentence(const Evaluation& evaluation, Language in);
// Of each true label what was answered, with precision, recall and F1; of many labels only those,
// and without what never occurred.
Grid confusion_grid(const Evaluation& evaluation, Language in);
// How far the probabilities can be trusted: each figure with what it means.
Grid probability_grid(const Evaluation& evaluation, Language in);
// The bins that hold anything.
Grid reliability_grid(const std::vector<ReliabilityBin>& bins, Language in);
std::string latency_sentence(const Evaluation& evaluation, Language in);
std::string failure_sentence(const Evaluation& evaluation, Language in);  // empty: none failed
// Of the temperature that was fitted; empty if none was.
std::string calibration_sentence(const Evaluation& evaluation, Language in);
// The unseen half without it and with it; no rows where none was fitted.
Grid calibration_grid(const Evaluation& evaluation, Language in);

// "93.0 %", "-" of nothing.
std::string share_text(std::optional<double> share);

}  // namespace qaio
