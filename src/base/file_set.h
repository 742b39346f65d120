// A model's files by name, whether they are a folder on disk, one file, or embedded in the program.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/mapped_file.h"
#include "base/result.h"

namespace qaio {

// The names of all parts of a file that is divided, in order, from the name of any: files called
// "NAME-00001-of-00003.EXTENSION" and so on. Of any other file its own name.
std::vector<std::string> part_names(std::string_view name);

// Maps file names ("config.json") to bytes that stay valid while the set lives. Movable.
class FileSet {
 public:
  // Maps every regular file of the folder (not recursive), or the single file. A file whose name
  // says that it is one of several ("model-00001-of-00003.gguf") brings the others that are there.
  // kNotFound / kIo with the path and the reason.
  static Result<FileSet> open(const std::filesystem::path& path);

  FileSet() = default;
  // Adds bytes that outlive the set, such as data embedded in the program.
  void add(std::string name, std::span<const std::byte> bytes);

  bool contains(std::string_view name) const { return files_.contains(name); }
  // Empty span if absent.
  std::span<const std::byte> bytes(std::string_view name) const;
  std::string_view text(std::string_view name) const;
  std::vector<std::string> names() const;  // sorted
  // What to call the set in messages: the path, or "embedded".
  const std::string& label() const { return label_; }
  void set_label(std::string label) { label_ = std::move(label); }
  // What to call one of its files in messages, whether it is there or not.
  std::string label_of(std::string_view name) const;

  // The original pages may leave memory; reading them again brings them back.
  void release_pages() const;
  // The same for a part of one file's bytes. Bytes given to add() stay.
  void release_pages(std::span<const std::byte> part) const;
  // Keeps all mapped files alive after this set is gone. Bytes given to add() live by themselves.
  std::vector<std::shared_ptr<const MappedFile>> share() const { return mappings_; }
  // As MappedFile has it, for each of them.
  Result<void> check_unchanged() const;

 private:
  std::string label_ = "embedded";
  bool of_one_file_ = false;  // label_ is the path of a file, not of a folder
  std::vector<std::shared_ptr<const MappedFile>> mappings_;
  std::map<std::string, std::span<const std::byte>, std::less<>> files_;
};

}  // namespace qaio
