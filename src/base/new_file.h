// Writing a file of which nobody ever sees a half: neither a crash nor a full disk takes the place
// of the good one that stood there.
#pragma once

#include <cstdio>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"

namespace qaio {

// A file under a name of its own beside `path` until finish() gives it that name; removed if that
// never happens. It keeps owner, group and mode of a file that had the name, as far as the system
// allows. What is no regular file (a pipe, /dev/stdout) is written directly; a symbolic link stays
// one.
class NewFile {
 public:
  static Result<NewFile> create(const std::filesystem::path& path);  // kIo
  NewFile(NewFile&& other) noexcept;
  NewFile& operator=(NewFile&& other) noexcept;
  ~NewFile();

  Result<void> write(std::string_view bytes);
  // On the disk before it has the name. Nothing is written afterwards.
  Result<void> finish();

 private:
  NewFile() = default;
  tl::unexpected<Error> fault() const;

  std::string label_;           // as it was given
  std::filesystem::path path_;  // without links
  std::filesystem::path part_;  // empty: written directly
  std::FILE* file_ = nullptr;
};

// The whole of a file.
Result<void> write_new_file(const std::filesystem::path& path, std::string_view bytes);

}  // namespace qaio
