#include "access/scope.h"

#include <algorithm>

namespace qaio {

std::optional<Scope> scope_of_name(std::string_view name) {
  const auto* const found = std::ranges::find(kScopeNames, name);
  if (found == kScopeNames.end()) return std::nullopt;
  return static_cast<Scope>(found - kScopeNames.begin());
}

std::vector<std::string_view> ScopeSet::names() const {
  std::vector<std::string_view> names;
  for (size_t i = 0; i < kScopeNames.size(); ++i) {
    if (has(static_cast<Scope>(i))) names.push_back(kScopeNames[i]);
  }
  return names;
}

}  // namespace qaio
