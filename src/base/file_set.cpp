#include "base/file_set.h"

#include <functional>
#include <system_error>

#include "base/pages.h"

namespace qaio {

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
    paths.push_back(path);
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

std::shared_ptr<const void> FileSet::share() const {
  return std::make_shared<std::vector<std::shared_ptr<const MappedFile>>>(mappings_);
}

}  // namespace qaio
