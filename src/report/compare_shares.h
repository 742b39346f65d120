// The shares of requests that did not get what they asked for. Requests whose client left are
// neither served nor failed.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "report/compare.h"

namespace qaio {

// By Fisher's exact test; the p-value is not corrected yet.
ShareComparison compare_share(std::string name, size_t count_a, size_t of_a, size_t count_b,
                              size_t of_b);

// Of the outcomes `failed`, `refused` and, as `rejected`, client errors but for those that say
// nothing about the server.
std::vector<ShareComparison> compare_shares(const CompactRecords& a, const CompactRecords& b);

}  // namespace qaio
