// What a key may be used for. Each route of the server has one of these, or is public.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace qaio {

enum class Scope : uint8_t {
  kRun,      // ask the model
  kRead,     // see what the server did and does: records, reports, live figures, objectives
  kMetrics,  // have them scraped: GET /metrics
  kAdmin,    // everything, and who has keys
};

// In the order of Scope, as files and commands write them.
inline constexpr auto kScopeNames =
    std::to_array<std::string_view>({"run", "read", "metrics", "admin"});

constexpr std::string_view scope_name(Scope scope) {
  return kScopeNames[static_cast<size_t>(scope)];
}
std::optional<Scope> scope_of_name(std::string_view name);

class ScopeSet {
 public:
  void add(Scope scope) { bits_ = static_cast<uint8_t>(bits_ | bit(scope)); }
  bool has(Scope scope) const { return (bits_ & bit(scope)) != 0; }
  // Whether it may be used for what needs `scope`.
  bool allows(Scope scope) const { return has(scope) || has(Scope::kAdmin); }
  bool empty() const { return bits_ == 0; }
  std::vector<std::string_view> names() const;  // in the order of Scope
  friend bool operator==(ScopeSet a, ScopeSet b) { return a.bits_ == b.bits_; }

 private:
  static uint8_t bit(Scope scope) {
    return static_cast<uint8_t>(1U << static_cast<unsigned>(scope));
  }
  uint8_t bits_ = 0;
};

// Of what needs no key: whether the server lives, and the page's files.
inline constexpr std::optional<Scope> kPublic = std::nullopt;

}  // namespace qaio
