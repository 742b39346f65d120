// What tests of findings share.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <vector>

#include "record/records_for_test.h"
#include "report/findings.h"

namespace qaio {

inline std::vector<Finding> findings_of(const RecordSet& set,
                                        std::optional<PhysicalLimits> limits = {},
                                        Language language = Language::kEnglish) {
  const CompactRecords facts = compact_records(set);
  return find_findings(finding_input(facts, limits, language));
}

inline std::optional<Finding> find(const std::vector<Finding>& findings, std::string_view id,
                                   bool found = true) {
  const auto it = std::ranges::find_if(
      findings, [&](const Finding& finding) { return finding.id == id && finding.found == found; });
  return it == findings.end() ? std::nullopt : std::optional(*it);
}

inline double figure(const Finding& finding, std::string_view name) {
  for (const auto& [its, value] : finding.figures)
    if (its == name) return value;
  ADD_FAILURE() << finding.id << " has no figure " << name;
  return 0;
}

// 1 to 16 questions about a text of 100 to 400 tokens: 0.1 ms per token, 2 ms per question, and
// 0.3 ms for each option. A single question's prompt is computed as a whole.
inline RequestSpec asking(Random& random, uint32_t options_spread = 3) {
  RequestSpec spec{.task = "decision", .output = 0};
  spec.prompt = 100 + static_cast<uint32_t>(random.below(300));
  spec.questions = 1 + static_cast<uint32_t>(random.below(16));
  const bool behind = spec.questions > 1;
  spec.question_tokens = behind ? 20 * spec.questions : 0;
  for (uint32_t i = 0; i < spec.questions; ++i)
    spec.options += 2 + static_cast<uint32_t>(random.below(options_spread));
  spec.prefill_ms = noisy(1 + 0.1 * spec.prompt, 0.02, random);
  spec.decode_ms =
      noisy(0.2 + 2.0 * (behind ? spec.questions : 0) + 0.3 * spec.options, 0.02, random);
  return spec;
}

inline TestSet asking_set(size_t count, uint32_t options_spread = 3, uint64_t seed = 11) {
  Random random(seed);
  TestSet test;
  for (size_t i = 0; i < count; ++i) test.add(asking(random, options_spread));
  return test;
}

}  // namespace qaio
