// The shares of requests that failed, were refused or rejected.
#include "report/compare_shares.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

namespace qaio {
namespace {

// What became of a request, where the client did not leave first.
enum class Fate : uint8_t { kServed, kFailed, kRefused, kRejected };
constexpr std::array<std::string_view, 3> kNames = {"failed", "refused", "rejected"};

// 401, 403, 404, 405 and 408 say who asked, where and how slowly, as every scanner does; the other
// mistakes of a client become more if a server no longer takes what it took.
bool tells_of_client(int status) {
  return status == 401 || status == 403 || status == 404 || status == 405 || status == 408;
}

std::optional<Fate> fate_of(const RequestFacts& request) {
  constexpr int kClientClosedRequest = 499;
  const int status = request.status;
  if (status == kClientClosedRequest || tells_of_client(status)) return std::nullopt;
  if (status == 503 || status == 429) return Fate::kRefused;
  if (status >= 500) return Fate::kFailed;
  if (status >= 400) return Fate::kRejected;
  return request.error == 0 ? Fate::kServed : Fate::kFailed;
}

// Of each request in order of arrival.
std::vector<Fate> fates_of(const FactSet& set) {
  std::vector<Fate> fates;
  for (const RequestFacts* request : set.requests)
    if (const auto fate = fate_of(*request)) fates.push_back(*fate);
  return fates;
}

std::vector<double> marks(const std::vector<Fate>& fates, Fate wanted) {
  std::vector<double> out;
  out.reserve(fates.size());
  for (const Fate fate : fates) out.push_back(fate == wanted ? 1 : 0);
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

std::vector<ShareComparison> compare_shares(const FactSet& a, const FactSet& b) {
  const std::vector<Fate> fates_a = fates_of(a);
  const std::vector<Fate> fates_b = fates_of(b);
  std::vector<ShareComparison> out;
  for (size_t i = 0; i < kNames.size(); ++i) {
    const auto fate = static_cast<Fate>(i + 1);
    const auto count = [fate](const std::vector<Fate>& fates) {
      return static_cast<size_t>(std::ranges::count(fates, fate));
    };
    ShareComparison share = compare_share(std::string(kNames[i]), count(fates_a), fates_a.size(),
                                          count(fates_b), fates_b.size());
    // A queue that is full refuses many in a row, which are no evidence each.
    if (share.p && fate == Fate::kRefused)
      share.p = std::max(*share.p, block_rank_p(marks(fates_a, fate), marks(fates_b, fate)));
    out.push_back(std::move(share));
  }
  return out;
}

}  // namespace qaio
