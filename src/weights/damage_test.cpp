// Damaged model files: each gives a sentence, or a table whose every tensor lies in the file. Run
// under AddressSanitizer this shows that no damage makes the parsers read elsewhere.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <random>

#include "base/file_set.h"
#include "base/json.h"
#include "weights/gguf.h"
#include "weights/gguf_writer.h"
#include "weights/safetensors.h"
#include "weights/test_files.h"

namespace qaio {
namespace {

using testing_files::exact_copy;

constexpr uint64_t kHuge[] = {
    0,          1,          5,         1u << 16,   UINT32_MAX,      1ull << 32,
    1ull << 40, 1ull << 61, INT64_MAX, 1ull << 63, UINT64_MAX - 31, UINT64_MAX};

// A file and the parser it belongs to.
struct Subject {
  std::string name;
  std::vector<std::byte> bytes;
  bool gguf;
};

void add_minimal_subjects(std::vector<Subject>& subjects) {
  GgufWriter writer;
  const std::vector<std::string> words = {"a", "bc", ""};
  writer.add_string("general.architecture", "qwen2");
  writer.add_uint("general.alignment", 32);
  writer.add_strings("tokenizer.ggml.tokens", words);
  const int64_t matrix[] = {3, 256};
  const int64_t vector[] = {5};
  writer.add_tensor("matrix", TensorType::kQ4_K, matrix);
  writer.add_tensor("vector", TensorType::kF32, vector);
  testing_files::Bytes gguf;
  gguf.raw(writer.header()).zeros(3 * 144).align(32).zeros(5 * 4);
  subjects.push_back({"minimal.gguf", exact_copy(gguf.span()), true});
  const auto safetensors = testing_files::safetensors_file(
      R"({"__metadata__":{"format":"pt"},"a":{"dtype":"BF16","shape":[2,3],"data_offsets":[0,12]},)"
      R"("b":{"dtype":"F32","shape":[2],"data_offsets":[12,20]}})",
      20);
  subjects.push_back({"minimal.safetensors", exact_copy(safetensors.span()), false});
}

// Every model file of the reference data, if it is there, and two minimal ones.
const std::vector<Subject>& subjects() {
  static const std::vector<Subject> all = [] {
    std::vector<Subject> found;
    add_minimal_subjects(found);
    std::error_code ec;
    for (const auto& entry : std::filesystem::directory_iterator(QAIO_SHARED_DATA_DIR, ec)) {
      auto files = FileSet::open(entry.path());
      if (!files) continue;
      for (const std::string& name : files->names()) {
        const bool gguf = name.ends_with(".gguf");
        if (!gguf && !name.ends_with(".safetensors")) continue;
        found.push_back(
            {entry.path().filename().string() + "/" + name, exact_copy(files->bytes(name)), gguf});
      }
    }
    return found;
  }();
  return all;
}

uint64_t sum_bytes(std::span<const std::byte> bytes) {
  uint64_t sum = 0;
  for (const std::byte byte : bytes) sum += std::to_integer<uint64_t>(byte);
  return sum;
}

// Uses every accessor, so that metadata which passed the parser is read as well.
void read_metadata(const GgufFile& file) {
  for (const GgufEntry& entry : file.metadata()) {
    EXPECT_FALSE(GgufFile::describe(entry).empty());
    (void)file.get_string(entry.key);
    (void)file.get_int(entry.key, 0, 100);
    (void)file.get_float(entry.key);
    (void)file.get_bool(entry.key);
    (void)file.get_int_array(entry.key);
    if (auto strings = file.get_string_array(entry.key)) {
      for (const std::string_view text : *strings) sum_bytes(std::as_bytes(std::span(text)));
    }
  }
}

enum class Outcome { kRefused, kParsed };

// Parses, and checks whatever comes out. Reads all metadata and all tensors' bytes if `thorough`.
Outcome parse(std::span<const std::byte> bytes, bool gguf, bool thorough = false) {
  const auto check_table = [&](const TensorTable& table) {
    for (const TensorView& tensor : table.tensors()) {
      ASSERT_GE(tensor.bytes.data(), bytes.data());
      ASSERT_LE(tensor.bytes.data() + tensor.bytes.size(), bytes.data() + bytes.size());
      ASSERT_EQ(static_cast<int64_t>(tensor.bytes.size()),
                tensor_bytes(tensor.type, tensor.elements()));
      if (thorough) sum_bytes(tensor.bytes);
    }
  };
  const auto check_error = [](const Error& error) {
    EXPECT_TRUE(error.message.starts_with("label: ")) << error.message;
    EXPECT_LT(error.message.size(), 500u) << error.message;
    EXPECT_EQ(error.message.find('\n'), std::string::npos) << error.message;
    EXPECT_TRUE(error.code == ErrorCode::kCorrupt || error.code == ErrorCode::kUnsupported)
        << error.message;
    return Outcome::kRefused;
  };
  if (gguf) {
    auto file = GgufFile::parse(bytes, "label");
    if (!file) return check_error(file.error());
    if (thorough) read_metadata(*file);
    check_table(file->tensors());
  } else {
    auto file = parse_safetensors(bytes, "label");
    if (!file) return check_error(file.error());
    check_table(file->tensors);
  }
  return Outcome::kParsed;
}

// Where the tensors' data begin and end.
std::pair<size_t, size_t> data_range(const Subject& subject) {
  TensorTable table;
  if (subject.gguf) {
    table = GgufFile::parse(subject.bytes, "label")->tensors();
  } else {
    table = parse_safetensors(subject.bytes, "label")->tensors;
  }
  size_t begin = subject.bytes.size();
  size_t end = 0;
  for (const TensorView& tensor : table.tensors()) {
    const auto start = static_cast<size_t>(tensor.bytes.data() - subject.bytes.data());
    begin = std::min(begin, start);
    end = std::max(end, start + tensor.bytes.size());
  }
  return {begin, end};
}

TEST(Damage, ThereAreFilesAndTheyParse) {
  ASSERT_GE(subjects().size(), 2u);
  for (const Subject& subject : subjects()) {
    SCOPED_TRACE(subject.name);
    EXPECT_EQ(parse(subject.bytes, subject.gguf, true), Outcome::kParsed);
  }
}

TEST(Damage, EveryTruncationIsRefused) {
  for (const Subject& subject : subjects()) {
    SCOPED_TRACE(subject.name);
    const auto [data_begin, data_end] = data_range(subject);
    std::mt19937_64 random(1);
    std::vector<size_t> lengths;
    for (size_t length = 0; length < std::min<size_t>(data_begin, 150); ++length) {
      lengths.push_back(length);
    }
    for (int i = 0; i < 50; ++i) lengths.push_back(random() % data_begin);
    for (int i = 0; i < 10; ++i) {
      lengths.push_back(data_begin + random() % (data_end - data_begin));
    }
    lengths.push_back(data_begin);
    lengths.push_back(data_end - 1);
    for (const size_t length : lengths) {
      const auto cut = exact_copy(std::span(subject.bytes).first(length));
      EXPECT_EQ(parse(cut, subject.gguf), Outcome::kRefused) << "cut to " << length;
    }
  }
}

TEST(Damage, FlippedHeaderBytesNeverMislead) {
  for (const Subject& subject : subjects()) {
    SCOPED_TRACE(subject.name);
    const size_t header = data_range(subject).first;
    auto damaged = subject.bytes;
    std::mt19937_64 random(2);
    constexpr size_t kSamples = 400;
    for (size_t i = 0; i < kSamples; ++i) {
      // The first bytes one by one, the others at random.
      const size_t at = i < 200 && i < header ? i : random() % header;
      const auto mask = static_cast<std::byte>(i % 3 == 0 ? 0xff : 1u << (random() % 8));
      damaged[at] ^= mask;
      parse(damaged, subject.gguf, i % 20 == 0);
      damaged[at] = subject.bytes[at];
    }
    ASSERT_EQ(damaged, subject.bytes);
  }
}

TEST(Damage, HugeNumbersAnywhereNeverMislead) {
  for (const Subject& subject : subjects()) {
    SCOPED_TRACE(subject.name);
    const size_t header = data_range(subject).first;
    auto damaged = subject.bytes;
    std::mt19937_64 random(3);
    for (size_t i = 0; i < 40; ++i) {
      const size_t at = i < 24 ? i : random() % (header - 8);
      for (const uint64_t huge : kHuge) {
        for (const size_t width : {sizeof(uint32_t), sizeof(uint64_t)}) {
          std::memcpy(damaged.data() + at, &huge, width);
          parse(damaged, subject.gguf);
          std::memcpy(damaged.data() + at, subject.bytes.data() + at, width);
        }
      }
    }
    ASSERT_EQ(damaged, subject.bytes);
  }
}

// --- GGUF in two parts: damage in either, and every number in the keys that hold them together.

std::vector<std::byte> part_of_two(uint32_t number, std::string_view tensor) {
  GgufWriter writer;
  writer.add_uint("split.no", number);
  writer.add_uint("split.count", 2);
  writer.add_uint("split.tensors.count", 2);
  const int64_t shape[] = {4};
  writer.add_tensor(tensor, TensorType::kF32, shape);
  return exact_copy(testing_files::Bytes().raw(writer.header()).zeros(16).span());
}

TEST(Damage, PartsOfAGgufNeverMislead) {
  const std::vector<std::byte> parts[] = {part_of_two(0, "a"), part_of_two(1, "b")};
  const auto load = [](const std::vector<std::byte>& first, const std::vector<std::byte>& second) {
    FileSet files;
    files.add("m-00001-of-00002.gguf", first);
    files.add("m-00002-of-00002.gguf", second);
    auto file = load_gguf(files, "m-00001-of-00002.gguf");
    if (!file) {
      EXPECT_FALSE(file.error().message.empty());
      return Outcome::kRefused;
    }
    for (const TensorView& tensor : file->tensors().tensors()) sum_bytes(tensor.bytes);
    return Outcome::kParsed;
  };
  ASSERT_EQ(load(parts[0], parts[1]), Outcome::kParsed);
  for (const size_t damaged : {0u, 1u}) {
    const auto check = [&](const std::vector<std::byte>& bytes) {
      return damaged == 0 ? load(bytes, parts[1]) : load(parts[0], bytes);
    };
    const std::vector<std::byte>& good = parts[damaged];
    for (size_t length = 0; length < good.size(); ++length) {
      EXPECT_EQ(check(exact_copy(std::span(good).first(length))), Outcome::kRefused) << length;
    }
    for (size_t at = 0; at + sizeof(uint64_t) <= good.size(); ++at) {
      for (const uint64_t huge : kHuge) {
        for (const size_t width : {sizeof(uint8_t), sizeof(uint32_t), sizeof(uint64_t)}) {
          auto bytes = good;
          std::memcpy(bytes.data() + at, &huge, width);
          check(bytes);
        }
      }
    }
  }
}

// --- GGUF: every field of tensor declarations. Positions are found by the tensors' names.

struct Declaration {
  std::string name;
  size_t name_at;  // the name's characters; its length is in the 8 bytes before
  size_t dimensions_at;
  size_t extents_at;
  size_t extents;
  size_t type_at;
  size_t offset_at;
};

std::vector<Declaration> declarations(const Subject& subject) {
  auto file = GgufFile::parse(subject.bytes, "label");
  const std::string_view text(reinterpret_cast<const char*>(subject.bytes.data()),
                              subject.bytes.size());
  std::vector<Declaration> found;
  for (const TensorView& tensor : file->tensors().tensors()) {
    testing_files::Bytes pattern;
    pattern.string(tensor.name).u32(static_cast<uint32_t>(tensor.shape.size()));
    const size_t at = text.find(pattern.text());
    EXPECT_NE(at, std::string_view::npos);
    Declaration declaration{tensor.name, at + 8, 0, 0, tensor.shape.size(), 0, 0};
    declaration.dimensions_at = declaration.name_at + tensor.name.size();
    declaration.extents_at = declaration.dimensions_at + 4;
    declaration.type_at = declaration.extents_at + 8 * declaration.extents;
    declaration.offset_at = declaration.type_at + 4;
    found.push_back(declaration);
  }
  return found;
}

// Writes a number into a copy of the header, parses, and takes it back.
class Editor {
 public:
  explicit Editor(const Subject& subject) : subject_(subject), bytes_(subject.bytes) {}

  template <typename Number>
  Outcome with(size_t at, Number number) {
    std::memcpy(bytes_.data() + at, &number, sizeof(number));
    const Outcome outcome = parse(bytes_, true);
    std::memcpy(bytes_.data() + at, subject_.bytes.data() + at, sizeof(number));
    return outcome;
  }
  template <typename Number>
  Number original(size_t at) const {
    Number number;
    std::memcpy(&number, subject_.bytes.data() + at, sizeof(number));
    return number;
  }

 private:
  const Subject& subject_;
  std::vector<std::byte> bytes_;
};

TEST(Damage, GgufDeclarationsWithImpossibleNumbersAreRefused) {
  for (const Subject& subject : subjects()) {
    if (!subject.gguf) continue;
    SCOPED_TRACE(subject.name);
    Editor editor(subject);
    const auto all = declarations(subject);
    const size_t stride = std::max<size_t>(1, all.size() / 5);
    for (size_t i = 0; i < all.size(); i += stride) {
      const Declaration& tensor = all[i];
      SCOPED_TRACE(tensor.name);
      for (const uint64_t huge : {uint64_t{0}, uint64_t{1} << 20, uint64_t{1} << 63, UINT64_MAX}) {
        EXPECT_EQ(editor.with(tensor.name_at - 8, huge), Outcome::kRefused);
        for (size_t d = 0; d < tensor.extents; ++d) {
          EXPECT_EQ(editor.with(tensor.extents_at + 8 * d, huge << 12), Outcome::kRefused);
        }
      }
      for (const uint32_t count : {0u, 5u, 1u << 30, UINT32_MAX}) {
        EXPECT_EQ(editor.with(tensor.dimensions_at, count), Outcome::kRefused);
      }
      for (const uint32_t type : {4u, 5u, 31u, 36u, 1000u, UINT32_MAX}) {
        EXPECT_EQ(editor.with(tensor.type_at, type), Outcome::kRefused);
      }
      for (uint32_t type = 0; type < 45; ++type) editor.with(tensor.type_at, type);
      for (const uint64_t offset : {UINT64_MAX - 31, uint64_t{1} << 63, uint64_t{1} << 40}) {
        EXPECT_EQ(editor.with(tensor.offset_at, offset), Outcome::kRefused);
      }
      const auto offset = editor.original<uint64_t>(tensor.offset_at);
      EXPECT_EQ(editor.with(tensor.offset_at, offset + 1), Outcome::kRefused) << "misaligned";
      const Declaration& other = all[(i + 1) % all.size()];
      EXPECT_EQ(editor.with(tensor.offset_at, editor.original<uint64_t>(other.offset_at)),
                Outcome::kRefused)
          << "overlapping";
    }
  }
}

TEST(Damage, GgufCountsBeyondTheFileAreRefused) {
  for (const Subject& subject : subjects()) {
    if (!subject.gguf) continue;
    SCOPED_TRACE(subject.name);
    Editor editor(subject);
    for (const size_t at : {8u, 16u}) {  // tensors; metadata entries
      for (const uint64_t count : {uint64_t{1} << 24, uint64_t{1} << 63, UINT64_MAX}) {
        EXPECT_EQ(editor.with(at, count), Outcome::kRefused);
      }
      editor.with(at, editor.original<uint64_t>(at) + 1);
      editor.with(at, editor.original<uint64_t>(at) - 1);
    }
  }
}

// --- Safetensors: every number of the header.

// The file with another header. The data stay where they are; headers are written before them.
class HeaderEditor {
 public:
  explicit HeaderEditor(const Subject& subject) {
    uint64_t header_bytes = 0;
    std::memcpy(&header_bytes, subject.bytes.data(), sizeof(header_bytes));
    const auto all = std::span(subject.bytes);
    const auto text = all.subspan(sizeof(header_bytes), header_bytes);
    header_.assign(reinterpret_cast<const char*>(text.data()), text.size());
    const auto data = all.subspan(sizeof(header_bytes) + header_bytes);
    data_at_ = sizeof(header_bytes) + header_bytes + kSlock;
    buffer_.resize(data_at_ + data.size());
    std::ranges::copy(data, buffer_.begin() + static_cast<ptrdiff_t>(data_at_));
  }
  const std::string& header() const { return header_; }
  // At most kSlock longer than the original.
  Outcome with(std::string_view header) {
    const uint64_t header_bytes = header.size();
    const size_t start = data_at_ - header.size() - sizeof(header_bytes);
    std::memcpy(&buffer_[start], &header_bytes, sizeof(header_bytes));
    std::memcpy(&buffer_[start + sizeof(header_bytes)], header.data(), header.size());
    return parse(std::span(buffer_).subspan(start), false);
  }

 private:
  static constexpr size_t kSlock = 64;
  std::string header_;
  size_t data_at_ = 0;
  std::vector<std::byte> buffer_;
};

TEST(Damage, SafetensorsNumbersThatDisagreeAreRefused) {
  constexpr std::string_view kReplacements[] = {"0",
                                                "-1",
                                                "1.5",
                                                "1e3",
                                                "null",
                                                "\"7\"",
                                                "[1]",
                                                "7777777",
                                                "9223372036854775807",
                                                "9223372036854775808",
                                                "18446744073709551615",
                                                "99999999999999999999999"};
  for (const Subject& subject : subjects()) {
    if (subject.gguf) continue;
    SCOPED_TRACE(subject.name);
    HeaderEditor editor(subject);
    const std::string& header = editor.header();
    bool in_list = false;
    for (size_t at = 0; at < header.size();) {
      in_list = header[at] == '[' || (in_list && header[at] != ']');
      const size_t end = header.find_first_not_of("0123456789", at);
      if (!in_list || end == at) {
        ++at;
        continue;
      }
      const std::string number = header.substr(at, end - at);
      for (const std::string_view replacement : kReplacements) {
        if (replacement == number) continue;
        const std::string edited =
            header.substr(0, at) + std::string(replacement) + header.substr(end);
        EXPECT_EQ(editor.with(edited), Outcome::kRefused)
            << number << " at " << at << " became " << replacement;
      }
      at = end;
    }
  }
}

TEST(Damage, SafetensorsHeaderLengthsAreRefused) {
  for (const Subject& subject : subjects()) {
    if (subject.gguf) continue;
    SCOPED_TRACE(subject.name);
    auto damaged = subject.bytes;
    uint64_t length = 0;
    std::memcpy(&length, damaged.data(), sizeof(length));
    for (const uint64_t wrong :
         {uint64_t{0}, uint64_t{1}, length - 1, length + 1, length + 4096, uint64_t{100'000'000},
          uint64_t{1} << 63, UINT64_MAX - 7, UINT64_MAX}) {
      std::memcpy(damaged.data(), &wrong, sizeof(wrong));
      EXPECT_EQ(parse(damaged, false), Outcome::kRefused) << wrong;
    }
  }
}

}  // namespace
}  // namespace qaio
