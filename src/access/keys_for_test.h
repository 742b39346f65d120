// For tests: keys whose text is known.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "access/api_key.h"

namespace qaio {

// What a client sends, and what a file keeps of it.
struct KnownKey {
  std::string text;
  ApiKey key;
};

inline KnownKey known_key(std::string name, std::initializer_list<Scope> scopes = {Scope::kRun},
                          const KeyLimits& limits = {}) {
  KnownKey known{.text = draw_key(), .key = {}};
  known.key.name = std::move(name);
  known.key.id = id_of_key(known.text).value();
  known.key.hash = hash_of_key(known.text).value();
  for (const Scope scope : scopes) known.key.scopes.add(scope);
  known.key.created_unix_ms = 1'790'000'000'000;
  known.key.limits = limits;
  return known;
}

}  // namespace qaio
