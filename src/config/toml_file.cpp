#include "config/toml_file.h"

#include <utility>

#include "base/mapped_file.h"
#include "config/toml_reader.h"

namespace qaio {

TomlFile::TomlFile() : root_(std::make_shared<const TomlRoot>()) {}

Result<TomlFile> TomlFile::open(const std::string& path) {
  QAIO_ASSIGN(const MappedFile file, MappedFile::open(path));
  return parse({reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()}, path);
}

Result<TomlFile> TomlFile::parse(std::string_view text, std::string name) {
  toml::parse_result parsed = toml::parse(text, name);
  if (!parsed) {
    return fail(ErrorCode::kInvalidArgument, toml_place(name, parsed.error().source()) +
                                                 std::string(parsed.error().description()));
  }
  TomlFile file;
  file.name_ = std::move(name);
  file.root_ = std::make_shared<const TomlRoot>(TomlRoot{std::move(parsed).table()});
  return file;
}

}  // namespace qaio
