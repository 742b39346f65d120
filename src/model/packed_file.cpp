#include "model/packed_file.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "base/new_file.h"
#include "model/packed_head.h"

namespace qaio {
namespace {

constexpr std::string_view kMagic = "QAIOPACK";
constexpr uint32_t kVersion = 5;
constexpr size_t kPreambleBytes = 32;
constexpr size_t kWeightsAlignment = size_t{2} << 20;
constexpr size_t kMatrixAlignment = 64;

struct Preamble {
  char magic[8];
  uint32_t version;
  uint32_t zero;
  uint64_t head_bytes;  // a multiple of 8
  uint64_t checksum;    // of the head
};
static_assert(sizeof(Preamble) == kPreambleBytes);

// Any change of a bit changes it, and it reads 8 bytes per multiplication.
uint64_t checksum_of(std::span<const std::byte> bytes) {
  uint64_t sum = 0xCBF29CE484222325u;
  for (size_t at = 0; at + 8 <= bytes.size(); at += 8) {
    uint64_t word;
    std::memcpy(&word, bytes.data() + at, 8);
    sum = (sum ^ word) * 0x9E3779B97F4A7C15u;
    sum ^= sum >> 32;
  }
  return sum;
}

size_t weights_offset(size_t head_bytes) {
  return (kPreambleBytes + head_bytes + kWeightsAlignment - 1) / kWeightsAlignment *
         kWeightsAlignment;
}

// Whether some file type and mode lead to this layout: the kernels have no others.
bool is_known(const PackedLayout& layout) {
  for (int type = 0; type < kTensorTypes; ++type) {
    for (const WeightsMode mode : {WeightsMode::kAuto, WeightsMode::kNative}) {
      if (packed_layout(static_cast<TensorType>(type), mode) == layout) return true;
    }
  }
  return false;
}

// Gives every matrix its bytes in `area`, after checking that they are there.
class Placer {
 public:
  Placer(std::span<const std::byte> area, std::string label)
      : area_(area), label_(std::move(label)) {}

  Result<void> place(const PackedMatrix& stored, int rows, int cols, PackedView& view) const {
    if (stored.rows != rows || stored.cols != cols || !is_known(stored.layout) ||
        (stored.layout.scales == ScaleKind::kSuper && cols % kSuperCols != 0)) {
      return fail(ErrorCode::kCorrupt,
                  label_ + ": a matrix of " + std::to_string(stored.rows) + " x " +
                      std::to_string(stored.cols) + " stands where one of " + std::to_string(rows) +
                      " x " + std::to_string(cols) + " belongs, or in no known layout");
    }
    view = {stored.layout, rows, cols, nullptr};
    const size_t bytes = tile_bytes(view.layout, cols).total() * static_cast<size_t>(view.tiles());
    if (stored.offset % kMatrixAlignment != 0 || stored.offset > area_.size() ||
        bytes > area_.size() - stored.offset) {
      return fail(ErrorCode::kCorrupt,
                  label_ + ": a matrix lies outside the file's " + std::to_string(area_.size()) +
                      " bytes of weights (offset " + std::to_string(stored.offset) + ", " +
                      std::to_string(bytes) + " bytes)");
    }
    view.data = area_.data() + stored.offset;
    return {};
  }

 private:
  std::span<const std::byte> area_;
  std::string label_;
};

bool fits(const std::vector<float>& values, int size) {
  return values.size() == static_cast<size_t>(size);
}

Result<void> place_layer(const Placer& placer, const ModelConfig& c, LayerKind kind,
                         const PackedLayer& stored, LayerWeights& layer, const std::string& label) {
  const auto parts = parts_of(layer, kind, c);
  for (const auto& vector : parts.vectors) {
    if (vector.values->size() != vector.size)
      return fail(ErrorCode::kCorrupt, label + ": a norm has the wrong size");
  }
  for (size_t i = 0; i < parts.matrices.size(); ++i) {
    const auto& [linear, rows, cols] = parts.matrices[i];
    if (!linear->bias.empty() && !fits(linear->bias, rows))
      return fail(ErrorCode::kCorrupt, label + ": a bias has the wrong size");
    QAIO_RETURN_IF_ERROR(placer.place(stored.matrices[i], rows, cols, linear->weights));
  }
  return {};
}

Result<void> place_all(const Placer& placer, const PackedHead& head, PackedModel& model,
                       const std::string& label) {
  const ModelConfig& c = model.config;
  ModelWeights& weights = model.weights;
  if (!fits(weights.final_norm, c.hidden))
    return fail(ErrorCode::kCorrupt, label + ": a norm has the wrong size");
  QAIO_RETURN_IF_ERROR(placer.place(head.embedding, c.vocab, c.hidden, weights.embedding));
  for (size_t i = 0; i < weights.layers.size(); ++i)
    QAIO_RETURN_IF_ERROR(place_layer(placer, c, c.kind(static_cast<int>(i)), head.layers[i],
                                     weights.layers[i], label));
  if (!c.tied_head) return placer.place(head.output, c.vocab, c.hidden, weights.head);
  weights.head = weights.embedding;
  return {};
}

PackedMatrix stored(const PackedView& view, const ModelWeights& weights) {
  return {view.layout, view.rows, view.cols,
          static_cast<uint64_t>(view.data - weights.area.data())};
}

PackedHead head_of(const PackedModel& model) {
  PackedHead head;
  head.weights_bytes = model.weights.area.size();
  head.embedding = stored(model.weights.embedding, model.weights);
  head.output = stored(model.weights.head, model.weights);
  for (size_t i = 0; i < model.weights.layers.size(); ++i) {
    PackedLayer& to = head.layers.emplace_back();
    const LayerKind kind = model.config.kind(static_cast<int>(i));
    for (const auto& matrix : parts_of(model.weights.layers[i], kind, model.config).matrices)
      to.matrices.push_back(stored(matrix.linear->weights, model.weights));
  }
  head.tokenizer = model.tokenizer->tables();
  return head;
}

}  // namespace

void repair_packed_checksum(std::span<std::byte> bytes) {
  Preamble preamble;
  if (bytes.size() < sizeof(preamble)) return;
  std::memcpy(&preamble, bytes.data(), sizeof(preamble));
  if (preamble.head_bytes > bytes.size() - sizeof(preamble)) return;
  preamble.checksum = checksum_of(bytes.subspan(sizeof(preamble), preamble.head_bytes));
  std::memcpy(bytes.data(), &preamble, sizeof(preamble));
}

bool is_packed_file(std::span<const std::byte> bytes) {
  return bytes.size() >= kMagic.size() &&
         std::memcmp(bytes.data(), kMagic.data(), kMagic.size()) == 0;
}

Result<void> write_packed_file(const PackedModel& model, const std::filesystem::path& path) {
  const std::string head = write_packed_head(model, head_of(model));
  Preamble preamble{};
  std::memcpy(preamble.magic, kMagic.data(), kMagic.size());
  preamble.version = kVersion;
  preamble.head_bytes = head.size();
  preamble.checksum = checksum_of(std::as_bytes(std::span(head)));
  const std::string padding(weights_offset(head.size()) - kPreambleBytes - head.size(), '\0');
  const auto text = [](const void* bytes, size_t size) {
    return std::string_view(static_cast<const char*>(bytes), size);
  };
  QAIO_ASSIGN(NewFile file, NewFile::create(path));
  QAIO_RETURN_IF_ERROR(file.write(text(&preamble, sizeof(preamble))));
  QAIO_RETURN_IF_ERROR(file.write(head));
  QAIO_RETURN_IF_ERROR(file.write(padding));
  QAIO_RETURN_IF_ERROR(file.write(text(model.weights.area.data(), model.weights.area.size())));
  return file.finish();
}

Result<PackedModel> read_packed_file(std::span<const std::byte> bytes, const std::string& label) {
  const auto corrupt = [&](const char* what) {
    return fail(ErrorCode::kCorrupt, label + ": " + what);
  };
  Preamble preamble;
  if (!is_packed_file(bytes)) return corrupt("is not a packed model");
  if (bytes.size() < sizeof(preamble)) return corrupt("is truncated in its header");
  std::memcpy(&preamble, bytes.data(), sizeof(preamble));
  if (preamble.version != kVersion) {
    return fail(ErrorCode::kUnsupported, label + ": is of packed format " +
                                             std::to_string(preamble.version) +
                                             ", this program reads " + std::to_string(kVersion) +
                                             "; convert the original model again");
  }
  if (preamble.head_bytes > bytes.size() - kPreambleBytes || preamble.head_bytes % 8 != 0)
    return corrupt("is truncated in its header");
  const auto head_bytes = bytes.subspan(kPreambleBytes, preamble.head_bytes);
  if (preamble.zero != 0 || checksum_of(head_bytes) != preamble.checksum)
    return corrupt("the header's checksum is wrong: the file is damaged");
  PackedModel model;
  QAIO_ASSIGN(PackedHead head, read_packed_head(head_bytes, label, model));
  const size_t offset = weights_offset(preamble.head_bytes);
  if (offset > bytes.size() || bytes.size() - offset != head.weights_bytes)
    return corrupt("is truncated or has bytes too many behind its header");
  model.weights.area = bytes.subspan(offset);
  if (reinterpret_cast<uintptr_t>(model.weights.area.data()) % kMatrixAlignment != 0)
    return fail(ErrorCode::kInvalidArgument, label + ": its bytes are not aligned in memory");
  QAIO_RETURN_IF_ERROR(place_all(Placer(model.weights.area, label), head, model, label));
  model.weights.parameters = model.info.parameters;
  model.weights.weight_type = model.info.weight_type;
  auto tokenizer = Tokenizer::from_tables(std::move(head.tokenizer));
  if (!tokenizer) return fail(tokenizer.error().code, label + ": " + tokenizer.error().message);
  model.tokenizer = std::move(*tokenizer);
  return model;
}

}  // namespace qaio
