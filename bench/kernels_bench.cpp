// The kernels of every instruction set this CPU has: matrix products by layout and number of
// tokens, attention by context, and the element-wise ones. One thread; seeds are fixed.
//
// bytes/s counts the packed weights (or cached keys and values) a call reads once, items/s the
// multiply-adds of a product or the elements of a vector. `qaio bench --limits --threads 1` prints
// what to compare them with. The `checksum` counter is the same on every ISA.
#include <benchmark/benchmark.h>

#include <cmath>
#include <cstring>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "kernels/kernels.h"
#include "kernels/test_matrix.h"

namespace {

using namespace qaio;

// The gate and up matrices of Qwen1.5-0.5B.
constexpr int kRows = 2816;
constexpr int kCols = 1024;
constexpr int kHeadDim = 64;
constexpr uint32_t kSeed = 7;

// Folds the bits: equal only if every element is.
double checksum(const std::vector<float>& values) {
  uint32_t sum = 0;
  for (const float value : values) {
    uint32_t bits;
    std::memcpy(&bits, &value, 4);
    sum = sum * 31 + bits;
  }
  return sum % 1'000'000;
}

std::vector<float> random_floats(size_t count, uint32_t seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(count);
  for (float& value : values) value = normal(random);
  return values;
}

// ---- matrix products -----------------------------------------------------------------------

TestMatrix& matrix_of(const NamedLayout& named) {
  static std::vector<std::pair<std::string, std::unique_ptr<TestMatrix>>> made;
  for (auto& [name, matrix] : made)
    if (name == named.name) return *matrix;
  made.emplace_back(named.name, std::make_unique<TestMatrix>(named.layout, kRows, kCols, kSeed));
  return *made.back().second;
}

void matmul(benchmark::State& state, const NamedLayout& named, Isa isa) {
  const auto tokens = static_cast<int>(state.range(0));
  const PackedView& view = matrix_of(named).view();
  const Kernels& kernels = kernels_for(isa);
  TestActivations x(tokens, kCols, kSeed, kernels.tile_tokens(tokens));
  AlignedBytes scratch(matmul_scratch_bytes(kCols));
  std::vector<float> out(static_cast<size_t>(tokens) * kRows);
  const MatmulArgs args{.weights = view,
                        .quantized = x.quantized,
                        .floats = x.floats.data(),
                        .float_stride = kCols,
                        .tokens = tokens,
                        .out = out.data(),
                        .out_stride = kRows,
                        .scratch = scratch.data()};
  for (auto _ : state) {
    kernels.matmul(args, 0, view.tiles());
    benchmark::ClobberMemory();
  }
  const auto bytes = tile_bytes(view.layout, kCols).total() * static_cast<size_t>(view.tiles());
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(bytes));
  state.SetItemsProcessed(state.iterations() * tokens * kRows * kCols);
  state.counters["checksum"] = checksum(out);
}

// ---- attention -----------------------------------------------------------------------------

// Keys and values of one head, `positions` of them.
class Cache {
 public:
  Cache(const Kernels& kernels, int positions)
      : memory_(static_cast<size_t>((positions + 31) / 32) * 2 * kBlockBytes) {
    const auto values = random_floats(static_cast<size_t>(positions) * 2 * kHeadDim, kSeed);
    for (int p = 0; p < positions; ++p) {
      std::byte* block = memory_.data() + static_cast<size_t>(p / 32) * 2 * kBlockBytes;
      if (p % 32 == 0) {
        keys_.push_back(block);
        values_.push_back(block + kBlockBytes);
      }
      const float* key = values.data() + static_cast<size_t>(p) * 2 * kHeadDim;
      kernels.store_kv(key, key + kHeadDim, kHeadDim, p % 32, KvType::kF16, block,
                       block + kBlockBytes);
    }
  }
  const std::byte* const* keys() const { return keys_.data(); }
  const std::byte* const* values() const { return values_.data(); }
  size_t bytes() const { return keys_.size() * 2 * kBlockBytes; }

 private:
  static constexpr size_t kBlockBytes = 32 * kHeadDim * 2;
  AlignedBytes memory_;
  std::vector<const std::byte*> keys_, values_;
};

// Arguments: query rows (1: generation; 32: part of a prompt), positions of context.
void attention(benchmark::State& state, Isa isa) {
  const auto rows = static_cast<int>(state.range(0));
  const auto context = static_cast<int>(state.range(1));
  const Kernels& kernels = kernels_for(isa);
  const Cache cache(kernels, context);
  const auto q = random_floats(static_cast<size_t>(rows) * kHeadDim, kSeed);
  std::vector<float> out(q.size());
  std::vector<int32_t> positions(static_cast<size_t>(rows));
  std::iota(positions.begin(), positions.end(), context - rows);
  const AttentionArgs args{.q = q.data(),
                           .q_stride = kHeadDim,
                           .out = out.data(),
                           .out_stride = kHeadDim,
                           .positions = positions.data(),
                           .rows = rows,
                           .head_dim = kHeadDim,
                           .scale = 1.0F / std::sqrt(static_cast<float>(kHeadDim)),
                           .key_blocks = cache.keys(),
                           .value_blocks = cache.values()};
  for (auto _ : state) {
    kernels.attention(args);
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(cache.bytes()));
  state.SetItemsProcessed(state.iterations() * rows * context * kHeadDim * 2);
  state.counters["checksum"] = checksum(out);
}

// ---- element-wise --------------------------------------------------------------------------

void quantize(benchmark::State& state, Isa isa) {
  const auto x = random_floats(kCols, kSeed);
  std::vector<std::byte> records(QuantizedActivations::bytes(1, kCols));
  const Kernels& kernels = kernels_for(isa);
  for (auto _ : state) {
    kernels.quantize(x.data(), {records.data(), 1, kCols}, 0);
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * kCols * 4);
  state.SetItemsProcessed(state.iterations() * kCols);
  std::vector<float> result(records.size() / sizeof(float));
  std::memcpy(result.data(), records.data(), records.size());
  state.counters["checksum"] = checksum(result);
}

void rms_norm(benchmark::State& state, Isa isa) {
  const auto x = random_floats(kCols, kSeed);
  const auto weight = random_floats(kCols, kSeed + 1);
  std::vector<float> out(kCols);
  const Kernels& kernels = kernels_for(isa);
  for (auto _ : state) {
    kernels.rms_norm(x.data(), weight.data(), 1e-6F, kCols, out.data());
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * kCols * 4);
  state.SetItemsProcessed(state.iterations() * kCols);
  state.counters["checksum"] = checksum(out);
}

void swiglu(benchmark::State& state, Isa isa) {
  const auto gate = random_floats(kRows, kSeed);
  const auto up = random_floats(kRows, kSeed + 1);
  std::vector<float> out(kRows);
  const Kernels& kernels = kernels_for(isa);
  for (auto _ : state) {
    kernels.swiglu(gate.data(), up.data(), kRows, out.data());
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * kRows * 2 * 4);
  state.SetItemsProcessed(state.iterations() * kRows);
  state.counters["checksum"] = checksum(out);
}

bool benched(const std::string& layout) {
  return layout == "q8_0" || layout == "q4_0" || layout == "q4_k" || layout == "q6_k" ||
         layout == "f16";
}

// "matmul/q4_0/avx512/tokens:8"
bool register_all() {
  for (const Isa isa : isas_available()) {
    const std::string suffix = "/" + std::string(isa_name(isa));
    for (const NamedLayout& named : all_layouts()) {
      if (!benched(named.name)) continue;
      const std::string name = std::string("matmul/") + named.name + suffix;
      benchmark::RegisterBenchmark(name.c_str(), matmul, named, isa)
          ->ArgName("tokens")
          ->Arg(1)
          ->Arg(8)
          ->Arg(56)
          ->Unit(benchmark::kMicrosecond);
    }
    benchmark::RegisterBenchmark(("attention" + suffix).c_str(), attention, isa)
        ->ArgNames({"rows", "context"})
        ->ArgsProduct({{1, 32}, {64, 512, 2048}})
        ->Unit(benchmark::kMicrosecond);
    benchmark::RegisterBenchmark(("quantize" + suffix).c_str(), quantize, isa);
    benchmark::RegisterBenchmark(("rms_norm" + suffix).c_str(), rms_norm, isa);
    benchmark::RegisterBenchmark(("swiglu" + suffix).c_str(), swiglu, isa);
  }
  return true;
}

const bool registered = register_all();

}  // namespace
