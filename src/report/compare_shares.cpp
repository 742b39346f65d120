// The shares of requests that failed, were refused or rejected.
#include "report/compare_shares.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace qaio {
namespace {

// What is compared, and its name.
struct Share {
  Outcome outcome;
  std::string_view name;
};
constexpr auto kShares = std::to_array<Share>({{Outcome::kFailed, "failed"},
                                               {Outcome::kRefused, "refused"},
                                               {Outcome::kClientError, "rejected"}});

// 401, 403, 404, 405 and 408 say who asked, where and how slowly, as every scanner does; the other
// mistakes of a client become more if a server no longer takes what it took.
bool tells_of_client(int status) {
  return status == 401 || status == 403 || status == 404 || status == 405 || status == 408;
}

bool counts(const CompactRecord& request) {
  return request.outcome() != Outcome::kCancelled && !tells_of_client(request.status);
}

// Of each request that counts, in order of arrival.
std::vector<Outcome> outcomes_of(const CompactRecords& set) {
  std::vector<Outcome> outcomes;
  for (const CompactRecord* request : set.requests)
    if (counts(*request)) outcomes.push_back(request->outcome());
  return outcomes;
}

std::vector<double> marks(const std::vector<Outcome>& outcomes, Outcome wanted) {
  std::vector<double> out;
  out.reserve(outcomes.size());
  for (const Outcome outcome : outcomes) out.push_back(outcome == wanted ? 1 : 0);
  return out;
}

}  // namespace

double ShareComparison::share_a() const {
  return of_a == 0 ? 0 : static_cast<double>(count_a) / static_cast<double>(of_a);
}

double ShareComparison::share_b() const {
  return of_b == 0 ? 0 : static_cast<double>(count_b) / static_cast<double>(of_b);
}

ShareComparison compare_share(std::string name, size_t count_a, size_t of_a, size_t count_b,
                              size_t of_b) {
  ShareComparison share{
      .name = std::move(name), .count_a = count_a, .of_a = of_a, .count_b = count_b, .of_b = of_b};
  if (count_a + count_b > 0) share.p = fisher_p(count_a, of_a, count_b, of_b);
  return share;
}

std::vector<ShareComparison> compare_shares(const CompactRecords& a, const CompactRecords& b) {
  const std::vector<Outcome> outcomes_a = outcomes_of(a);
  const std::vector<Outcome> outcomes_b = outcomes_of(b);
  std::vector<ShareComparison> out;
  for (const auto& [wanted, name] : kShares) {
    const auto count = [wanted = wanted](const std::vector<Outcome>& outcomes) {
      return static_cast<size_t>(std::ranges::count(outcomes, wanted));
    };
    ShareComparison share = compare_share(std::string(name), count(outcomes_a), outcomes_a.size(),
                                          count(outcomes_b), outcomes_b.size());
    // A queue that is full refuses many in a row, which are no evidence each.
    if (share.p && wanted == Outcome::kRefused)
      share.p =
          std::max(*share.p, block_rank_p(marks(outcomes_a, wanted), marks(outcomes_b, wanted)));
    out.push_back(std::move(share));
  }
  return out;
}

}  // namespace qaio
