#include "app/model_fingerprint.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace qaio {
namespace {

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

std::string fingerprint(const std::string& contents) {
  FileSet files;
  files.add("model.gguf", bytes_of(contents));
  return model_fingerprint(files);
}

TEST(ModelFingerprint, IsFnv1aOfSizeAndBytes) {
  // the definition, written out
  uint64_t hash = 0xcbf29ce484222325;
  for (const unsigned char c : std::string("\x03\0\0\0\0\0\0\0abc", 11)) {
    hash = (hash ^ c) * 0x100000001b3;
  }
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(hash));
  EXPECT_EQ(fingerprint("abc"), text);
}

TEST(ModelFingerprint, SeesSizeBeginMiddleAndEnd) {
  const std::string large(8'000'000, 'w');
  const std::string same = fingerprint(large);
  EXPECT_EQ(fingerprint(large), same);
  EXPECT_NE(fingerprint(large + 'w'), same);
  for (const size_t at : {size_t{0}, (large.size() - 4096) * 31 / 63, large.size() - 1}) {
    std::string changed = large;
    changed[at] = 'x';
    EXPECT_NE(fingerprint(changed), same) << at;
  }
}

TEST(ModelFingerprint, OfAFolderCountsWhatMakesTheModel) {
  const std::string config = "{}";
  const std::string weights = "weights";
  const std::string readme = "hello";
  const auto folder = [&](const std::string& with_weights, bool with_readme) {
    FileSet files;
    files.add("config.json", bytes_of(config));
    files.add("model.safetensors", bytes_of(with_weights));
    if (with_readme) files.add("README.md", bytes_of(readme));
    return model_fingerprint(files);
  };
  EXPECT_EQ(folder(weights, false), folder(weights, true));
  EXPECT_NE(folder(weights, false), folder(readme, false));
}

}  // namespace
}  // namespace qaio
