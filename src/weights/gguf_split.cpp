// GGUF files in several parts, as llama.cpp's gguf-split writes them: the first has the metadata,
// each has tensors, and all say in three keys what they are.
#include <algorithm>

#include "weights/gguf.h"

namespace qaio {
namespace {

constexpr const char* kNumberKey = "split.no";  // from 0
constexpr const char* kCountKey = "split.count";
constexpr const char* kTensorsKey = "split.tensors.count";
constexpr int64_t kPartsMax = 4096;
constexpr int64_t kTensorsMax = 1 << 20;

}  // namespace

Result<GgufFile> GgufFile::join(std::vector<GgufFile> parts) {
  const auto count = static_cast<int64_t>(parts.size());
  std::vector<TensorView> tensors;
  std::vector<ForeignTensor> foreign;
  for (int64_t i = 0; i < count; ++i) {
    const GgufFile& part = parts[static_cast<size_t>(i)];
    QAIO_ASSIGN(const int64_t number, part.get_int(kNumberKey, 0, kPartsMax));
    QAIO_ASSIGN(const int64_t of, part.get_int(kCountKey, 0, kPartsMax));
    if (number != i || of != count) {
      return fail(ErrorCode::kCorrupt,
                  part.label() + ": is part " + std::to_string(number + 1) + " of " +
                      std::to_string(of) + " by its metadata ('split.no', 'split.count'), but " +
                      std::to_string(i + 1) + " of " + std::to_string(count) + " by its name");
    }
    const auto own = part.tensors().tensors();
    tensors.insert(tensors.end(), own.begin(), own.end());
    const auto own_foreign = part.tensors().foreign();
    foreign.insert(foreign.end(), own_foreign.begin(), own_foreign.end());
  }
  GgufFile& first = parts[0];
  const auto found = static_cast<int64_t>(tensors.size() + foreign.size());
  QAIO_ASSIGN(const int64_t expected, first.get_int(kTensorsKey, 0, kTensorsMax, found));
  if (found != expected) {
    return fail(ErrorCode::kCorrupt, first.label() + ": its parts hold " + std::to_string(found) +
                                         " tensors, but 'split.tensors.count' is " +
                                         std::to_string(expected));
  }
  QAIO_ASSIGN(first.tensors_,
              TensorTable::create(first.label(), std::move(tensors), std::move(foreign)));
  return std::move(first);
}

Result<GgufFile> load_gguf(const FileSet& files, std::string_view name) {
  const auto parse = [&files](std::string_view part) {
    return GgufFile::parse(files.bytes(part), files.label_of(part));
  };
  QAIO_ASSIGN(GgufFile given, parse(name));
  QAIO_ASSIGN(const int64_t count, given.get_int(kCountKey, 0, kPartsMax, 1));
  if (count <= 1) return given;
  const std::vector<std::string> names = part_names(name);
  if (static_cast<int64_t>(names.size()) != count) {
    return fail(ErrorCode::kInvalidArgument,
                given.label() + ": is one of " + std::to_string(count) +
                    " parts ('split.count'), but its name says otherwise; parts are found by "
                    "names that end as in model-00001-of-00002.gguf");
  }
  std::vector<GgufFile> parts;
  for (const std::string& part : names) {
    if (!files.contains(part)) {
      return fail(ErrorCode::kNotFound, files.label_of(part) + ": this part of the model is " +
                                            "missing; it is in " + std::to_string(count) +
                                            " parts ('split.count')");
    }
    QAIO_ASSIGN(GgufFile file, parse(part));
    parts.push_back(std::move(file));
  }
  return GgufFile::join(std::move(parts));
}

}  // namespace qaio
