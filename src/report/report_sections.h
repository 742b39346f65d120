// A report as headings, sentences and tables: what its text, Markdown and HTML forms share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "report/report.h"

namespace qaio {

struct Grid {
  std::vector<bool> right;                     // of each column: numbers
  std::vector<std::vector<std::string>> rows;  // the header first
  bool bars = false;                           // the last column is drawn with blocks
};

struct Section {
  enum class Kind : uint8_t { kOverview, kFindings, kStages, kSlo, kSlowest, kTrend };
  Kind kind = Kind::kOverview;
  std::string title = {};
  std::vector<std::string> sentences = {};
  std::optional<Grid> grid = {};
  size_t waterfall = 0;  // of kSlowest: its place in Report::slowest
};

std::string report_title(Language language);
std::vector<Section> report_sections(const Report& report);
std::string report_markdown(const Report& report);

}  // namespace qaio
