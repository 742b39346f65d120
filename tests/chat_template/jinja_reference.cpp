// Compares the template language with what expressions.py says of Python's jinja2.
// Usage: jinja_reference LINES
#include <cstdio>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/mapped_file.h"
#include "tasks/jinja_parser.h"
#include "tasks/jinja_renderer.h"

namespace qaio {
namespace {

constexpr size_t kCasesMin = 200;

Result<MarkedText> rendered(const boost::json::value& record) {
  QAIO_ASSIGN(const auto program, jinja::parse(std::string_view(record.at("source").as_string())));
  jinja::Dict variables;
  for (const auto& [name, text] : record.at("variables").as_object())
    variables.set(std::string_view(name), jinja::Value::of_message(std::string(text.as_string())));
  return jinja::render(program, std::move(variables), record.at("now").as_int64());
}

int compare(const char* path) {
  const auto file = MappedFile::open(path);
  if (!file) return std::puts("the file is missing"), 3;
  std::string_view lines(reinterpret_cast<const char*>(file->bytes().data()), file->bytes().size());
  size_t cases = 0, different = 0;
  for (size_t end = 0; (end = lines.find('\n')) != std::string_view::npos;
       lines.remove_prefix(end + 1)) {
    const auto record = parse_json(lines.substr(0, end), path);
    if (!record) return std::puts(record.error().message.c_str()), 1;
    const Result<MarkedText> out = rendered(*record);
    const boost::json::value& expected = record->at("expected");
    ++cases;
    const bool same = out ? expected.is_string() && out->text == expected.as_string() &&
                                out->origins.size() == out->text.size()
                          : expected.is_null();
    if (same) continue;
    ++different;
    std::printf("%.*s\n  is rendered: %.600s\n", static_cast<int>(std::min<size_t>(end, 600)),
                lines.data(), out ? out->text.c_str() : out.error().message.c_str());
  }
  std::printf("the template language: %zu cases, %zu differences\n", cases, different);
  return different == 0 && cases >= kCasesMin ? 0 : 1;
}

}  // namespace
}  // namespace qaio

int main(int argc, char** argv) {
  if (argc != 2) return std::fputs("usage: LINES\n", stderr), 2;
  return qaio::compare(argv[1]);
}
