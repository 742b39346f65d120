// What the figures mean for whoever reads them, what to do about it, and the evidence.
//
// A finding needs enough requests, an effect large enough to matter, and chance must not explain
// it; docs/report.md lists the conditions of each. Where that was looked for and is not there, the
// answer to the question is a statement, too.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "record/compact_record.h"
#include "report/language.h"
#include "report/measures.h"
#include "report/service_fit.h"

namespace qaio {

struct Finding {
  std::string id;                          // snake_case, the same for the same kind of statement
  bool found = true;                       // false: the statement is that there is no such thing
  std::string meaning = {};                // for people who wait or pay: one sentence
  std::string advice = {};                 // what to do; empty: nothing
  std::string statement = {};              // one sentence with its figures
  std::vector<std::string> evidence = {};  // further sentences
  std::vector<std::pair<std::string, double>> figures = {};  // by name with its unit last
};

// What the hardware allows, and what the model asks of it.
struct PhysicalLimits {
  double read_gb_s = 0;        // memory, 10^9 bytes per second
  double int8_gop_s = 0;       // 10^9 operations per second
  double bytes_per_token = 0;  // that one generated token reads
  double gop_per_token = 0;    // 10^9 operations that one prompt token costs
};

// What clients waited, by where it went, of those requests whose clients reported it.
struct ClientTimeSums {
  size_t requests = 0;
  double network_ms = 0;
  double server_ms = 0;
  double rendering_ms = 0;
  double total_ms() const { return network_ms + server_ms + rendering_ms; }
};

struct FindingInput {
  const CompactRecords& set;
  std::optional<PhysicalLimits> limits = {};
  std::vector<uint32_t> tasks = {};                  // as tasks_of() has them
  std::vector<std::optional<ServiceFit>> fits = {};  // by a task's place in the set
  ClientTimeSums clients = {};
  Language language = Language::kEnglish;
};

ClientTimeSums client_times(const CompactRecords& set);

// With tasks, fits and the clients' times.
FindingInput finding_input(const CompactRecords& set, const std::optional<PhysicalLimits>& limits,
                           Language language = Language::kEnglish, int threads = 1);

// All that apply, the most general first; what was not found after the rest.
std::vector<Finding> find_findings(const FindingInput& input, int threads = 1);

// The kinds; each appends what it finds.
void find_bottleneck(const FindingInput& input, std::vector<Finding>& out);
void find_client_time(const FindingInput& input, std::vector<Finding>& out);
void find_queueing(const FindingInput& input, std::vector<Finding>& out);
void find_token_costs(const FindingInput& input, std::vector<Finding>& out);
void find_question_costs(const FindingInput& input, std::vector<Finding>& out);
void find_prefix_cache(const FindingInput& input, std::vector<Finding>& out);
void find_task_switching(const FindingInput& input, std::vector<Finding>& out);
void find_cold_start(const FindingInput& input, std::vector<Finding>& out);
void find_limits(const FindingInput& input, std::vector<Finding>& out);
void find_tail_causes(const FindingInput& input, std::vector<Finding>& out);

}  // namespace qaio
