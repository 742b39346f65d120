#include "base/file_set.h"

#include <algorithm>
#include <functional>
#include <system_error>

#include "base/pages.h"

namespace qaio {
namespace {

constexpr size_t kPartsMax = 4096;

// A number of exactly five digits at the start of `text`; 0 if there is none.
size_t five_digits(std::string_view text) {
  size_t number = 0;
  for (size_t i = 0; i < 5; ++i) {
    if (i >= text.size() || text[i] < '0' || text[i] > '9') return 0;
    number = number * 10 + static_cast<size_t>(text[i] - '0');
  }
  return number;
}

std::string with_five_digits(size_t number) {
  const std::string digits = std::to_string(number);
  return std::string(5 - digits.size(), '0') + digits;
}

}  // namespace

std::vector<std::string> part_names(std::string_view name) {
  // "-00001-of-00003" ends where the extension begins
  constexpr std::string_view kOf = "-of-";
  constexpr size_t kSuffix = 1 + 5 + kOf.size() + 5;
  const size_t end = std::min(name.rfind('.'), name.size());
  if (end >= kSuffix) {
    const size_t begin = end - kSuffix;
    const std::string_view suffix = name.substr(begin, kSuffix);
    const size_t part = five_digits(suffix.substr(1));
    const size_t count = five_digits(suffix.substr(1 + 5 + kOf.size()));
    const bool divided = suffix[0] == '-' && suffix.substr(6, kOf.size()) == kOf;
    if (divided && part > 0 && part <= count && count <= kPartsMax) {
      std::vector<std::string> names;
      for (size_t i = 1; i <= count; ++i) {
        names.push_back(std::string(name.substr(0, begin + 1)) + with_five_digits(i) +
                        std::string(name.substr(begin + 6)));
      }
      return names;
    }
  }
  return {std::string(name)};
}

Result<FileSet> FileSet::open(const std::filesystem::path& path) {
  std::error_code ec;
  FileSet set;
  set.label_ = path.string();
  std::vector<std::filesystem::path> paths;
  if (std::filesystem::is_directory(path, ec)) {
    for (std::filesystem::directory_iterator it(path, ec), end; !ec && it != end;
         it.increment(ec)) {
      if (it->is_regular_file(ec)) paths.push_back(it->path());
    }
    if (ec)
      return fail(ErrorCode::kIo, path.string() + ": cannot list the folder: " + ec.message());
  } else {
    set.of_one_file_ = true;
    paths.push_back(path);
    const std::string given = path.filename().string();
    for (const std::string& part : part_names(given)) {
      const std::filesystem::path sibling = path.parent_path() / part;
      if (part != given && std::filesystem::is_regular_file(sibling, ec)) paths.push_back(sibling);
    }
  }
  for (const auto& file : paths) {
    QAIO_ASSIGN(MappedFile mapping, MappedFile::open(file));
    set.files_[file.filename().string()] = mapping.bytes();
    set.mappings_.push_back(std::make_shared<const MappedFile>(std::move(mapping)));
  }
  return set;
}

void FileSet::add(std::string name, std::span<const std::byte> bytes) {
  files_[std::move(name)] = bytes;
}

std::span<const std::byte> FileSet::bytes(std::string_view name) const {
  const auto found = files_.find(name);
  return found == files_.end() ? std::span<const std::byte>{} : found->second;
}

std::string_view FileSet::text(std::string_view name) const {
  const auto data = bytes(name);
  return {reinterpret_cast<const char*>(data.data()), data.size()};
}

std::string FileSet::label_of(std::string_view name) const {
  const std::filesystem::path path(label_);
  return ((of_one_file_ ? path.parent_path() : path) / name).string();
}

std::vector<std::string> FileSet::names() const {
  std::vector<std::string> names;
  for (const auto& [name, bytes] : files_) names.push_back(name);
  return names;
}

void FileSet::release_pages() const {
  for (const auto& mapping : mappings_) mapping->release_pages();
}

void FileSet::release_pages(std::span<const std::byte> part) const {
  for (const auto& mapping : mappings_) {
    const auto file = mapping->bytes();
    const std::less_equal<> not_after;
    if (not_after(file.data(), part.data()) &&
        not_after(part.data() + part.size(), file.data() + file.size()))
      return release_file_pages(part);
  }
}

Result<void> FileSet::check_unchanged() const {
  for (const auto& mapping : mappings_) QAIO_RETURN_IF_ERROR(mapping->check_unchanged());
  return {};
}

}  // namespace qaio
