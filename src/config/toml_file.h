// A TOML file, parsed once for all who have tables in it.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace qaio {

struct TomlRoot;  // config/toml_reader.h, which knows toml++

// Cheap to copy; what is found in it lives as long as any copy.
class TomlFile {
 public:
  TomlFile();  // nothing stands in it
  // kNotFound and kIo for the file, kInvalidArgument with its name and the line for what is no
  // TOML.
  static Result<TomlFile> open(const std::string& path);
  static Result<TomlFile> parse(std::string_view text, std::string name);

  const std::string& name() const { return name_; }  // as messages call it
  const TomlRoot& root() const { return *root_; }

 private:
  std::string name_;
  std::shared_ptr<const TomlRoot> root_;
};

}  // namespace qaio
