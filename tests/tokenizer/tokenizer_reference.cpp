// Compares Tokenizer with the strings and ids that reference.mjs wrote; --timed also times it.
// Usage: tokenizer_reference TOKENIZER.JSON STRINGS.JSONL
#include <time.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/mapped_file.h"
#include "text/tokenizer.h"

namespace qaio {
namespace {

// The bars of the timed form.
constexpr double kLoadMsMax = 200;
constexpr double kMegabytesPerSecondMin = 5;
constexpr size_t kStringsMin = 20'000;
constexpr int kRepetitions = 5;  // the best counts
constexpr int kDifferencesShown = 20;

// Of this thread: what others do on the machine hardly matters.
double cpu_milliseconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

double milliseconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
      .count();
}

std::string_view text_of(const MappedFile& file) {
  return {reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()};
}

struct Counts {
  size_t strings = 0;
  size_t bytes = 0;
  size_t ids = 0;  // differences from the reference, by kind
  size_t round_trip = 0;
  std::vector<std::string> texts;
};

std::vector<TokenId> ids_of(const boost::json::value& list) {
  std::vector<TokenId> ids;
  for (const auto& id : list.as_array()) ids.push_back(static_cast<TokenId>(id.as_int64()));
  return ids;
}

void report(const char* what, size_t number, std::string_view line, size_t* count) {
  if (++*count > kDifferencesShown) return;
  std::printf("string %zu: %s: %.300s\n", number, what, std::string(line).c_str());
}

void compare_line(const Tokenizer& tokenizer, std::string_view line, Counts* counts) {
  const auto record = parse_json(line, "line " + std::to_string(counts->strings + 1));
  if (!record) {
    report("unreadable", counts->strings, line, &counts->ids);
    return;
  }
  const std::string text(record->at("text").as_string());
  const bool normal = !record->as_object().contains("nfc");
  const std::string nfc(record->at(normal ? "text" : "nfc").as_string());
  const bool same = !record->as_object().contains("special");

  const std::vector<TokenId> plain = tokenizer.encode(text);
  const std::vector<TokenId> special = tokenizer.encode_with_special(text);

  ++counts->strings;
  counts->bytes += text.size();
  counts->texts.push_back(text);
  if (plain != ids_of(record->at("plain")) ||
      special != ids_of(record->at(same ? "plain" : "special"))) {
    report("ids differ", counts->strings, line, &counts->ids);
  }
  if (tokenizer.decode(plain, false) != nfc || tokenizer.decode(special, false) != nfc) {
    report("round trip differs", counts->strings, line, &counts->round_trip);
  }
}

Counts compare(const Tokenizer& tokenizer, std::string_view lines) {
  Counts counts;
  while (!lines.empty()) {
    const size_t end = std::min(lines.find('\n'), lines.size());
    compare_line(tokenizer, lines.substr(0, end), &counts);
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
  return counts;
}

// Bytes per CPU time; one encode() call per text.
double encode_megabytes_per_second(const Tokenizer& tokenizer,
                                   const std::vector<std::string>& texts) {
  double best = 0;
  for (int i = 0; i < kRepetitions; ++i) {
    size_t bytes = 0;
    size_t ids = 0;
    const double start_ms = cpu_milliseconds();
    for (const std::string& text : texts) {
      bytes += text.size();
      ids += tokenizer.encode(text).size();
    }
    if (ids == 0) return 0;
    best = std::max(best, static_cast<double>(bytes) / 1e3 / (cpu_milliseconds() - start_ms));
  }
  return best;
}

std::vector<std::string> repeated(std::string_view sentence) {
  std::string text;
  while (text.size() < 1'000'000) text.append(sentence);
  return {text};
}

bool is_fast(const Tokenizer& tokenizer, std::string_view tokenizer_json, const Counts& counts) {
  double load_ms = 1e9;
  for (int i = 0; i < kRepetitions; ++i) {
    const auto start = std::chrono::steady_clock::now();
    if (!Tokenizer::from_json(tokenizer_json)) return false;
    load_ms = std::min(load_ms, milliseconds_since(start));
  }
  const double random_rate = encode_megabytes_per_second(tokenizer, counts.texts);
  const double en = encode_megabytes_per_second(
      tokenizer, repeated("The quick brown fox jumps over the lazy dog; I can't believe it!\n"));
  const double zh = encode_megabytes_per_second(
      tokenizer,
      repeated("今天天气真好，我们去公园散步吧。这家餐厅的服务太差了，再也不会来了！\n"));
  std::printf("tokenizer.json ready in %.0f ms (bar: %.0f ms)\n", load_ms, kLoadMsMax);
  std::printf(
      "encode, per CPU second: %.1f MB/s on these strings, %.1f English, %.1f Chinese "
      "(bar: %.0f MB/s)\n",
      random_rate, en, zh, kMegabytesPerSecondMin);
  return load_ms <= kLoadMsMax && std::min({random_rate, en, zh}) >= kMegabytesPerSecondMin;
}

int run(const char* tokenizer_path, const char* strings_path, bool timed) {
  const auto file = MappedFile::open(tokenizer_path);
  const auto strings = MappedFile::open(strings_path);
  if (!file || !strings) {
    std::printf("%s\n", (file ? strings.error() : file.error()).message.c_str());
    return 3;
  }
  const auto tokenizer = Tokenizer::from_json(text_of(*file));
  if (!tokenizer) {
    std::printf("%s\n", tokenizer.error().message.c_str());
    return 1;
  }
  const Counts counts = compare(**tokenizer, text_of(*strings));
  std::printf("%zu strings (%.1f MB): %zu differences in ids, %zu in the round trip\n",
              counts.strings, static_cast<double>(counts.bytes) / 1e6, counts.ids,
              counts.round_trip);
  if (counts.ids > 0 || counts.round_trip > 0 || counts.strings < kStringsMin) return 1;
  if (timed && !is_fast(**tokenizer, text_of(*file), counts)) {
    std::printf("too slow\n");
    return 1;
  }
  return 0;
}

}  // namespace
}  // namespace qaio

int main(int argc, char** argv) {
  const bool timed = argc == 4 && std::string_view(argv[3]) == "--timed";
  if (argc != 3 && !timed) {
    std::printf("usage: tokenizer_reference TOKENIZER.JSON STRINGS.JSONL [--timed]\n");
    return 2;
  }
  return qaio::run(argv[1], argv[2], timed);
}
