// The small tokenizer of tests/data, for tests of this layer and those above.
#pragma once

#include <gtest/gtest.h>

#include <memory>

#include "base/file_set.h"
#include "text/tokenizer.h"

namespace qaio {

// Null, and the test has failed, if it cannot be read.
inline std::unique_ptr<Tokenizer> tokenizer_for_test() {
  const auto files = FileSet::open(QAIO_SOURCE_DIR "/tests/data/tokenizer.json");
  if (!files) {
    ADD_FAILURE() << files.error().message;
    return nullptr;
  }
  auto loaded = Tokenizer::from_json(files->text("tokenizer.json"));
  if (!loaded) {
    ADD_FAILURE() << loaded.error().message;
    return nullptr;
  }
  return std::move(*loaded);
}

}  // namespace qaio
