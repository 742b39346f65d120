#include "cli/json_text.h"

#include "base/json_writer.h"

namespace qaio {

std::string json_quote(std::string_view text) {
  std::string quoted;
  JsonWriter(quoted).string(text);
  return quoted;
}

}  // namespace qaio
