#include "tasks/labelled_set.h"

#include <algorithm>
#include <optional>

#include "base/json.h"
#include "base/utf8.h"

namespace qaio {
namespace {

namespace json = boost::json;

tl::unexpected<Error> fault(size_t line, const std::string& what) {
  return fail(ErrorCode::kInvalidArgument, "line " + std::to_string(line) + ": " + what);
}

std::vector<std::string_view> split(std::string_view line) {
  std::vector<std::string_view> cells;
  for (;;) {
    const size_t tab = line.find('\t');
    cells.push_back(line.substr(0, tab));
    if (tab == std::string_view::npos) return cells;
    line.remove_prefix(tab + 1);
  }
}

std::optional<std::string> scalar_text(const json::value* value) {
  if (value == nullptr) return std::nullopt;
  if (value->is_string()) return std::string(value->get_string());
  if (value->is_bool()) return value->get_bool() ? "true" : "false";
  json::error_code ec;
  const auto number = value->to_number<int64_t>(ec);
  return ec ? std::nullopt : std::optional(std::to_string(number));
}

// The places of the two columns in a header.
struct Columns {
  size_t text;
  size_t label;
};
Result<Columns> find_columns(std::string_view header, const LabelledFormat& format) {
  const std::vector<std::string_view> names = split(header);
  const auto text = std::ranges::find(names, format.text_name);
  const auto label = std::ranges::find(names, format.label_name);
  if (text == names.end() || label == names.end()) {
    return fault(1, "a TSV file begins with the names of its columns, '" + format.text_name +
                        "' and '" + format.label_name + "' among them");
  }
  return Columns{static_cast<size_t>(text - names.begin()),
                 static_cast<size_t>(label - names.begin())};
}

Result<LabelledText> from_json(std::string_view line, size_t number, const LabelledFormat& format) {
  const auto value = parse_json(line, "JSON");
  if (!value) return fault(number, value.error().message);
  if (!value->is_object()) return fault(number, "not a JSON object");
  const auto text = scalar_text(value->get_object().if_contains(format.text_name));
  const auto label = scalar_text(value->get_object().if_contains(format.label_name));
  if (!text || !label) {
    return fault(number, "\"" + (text ? format.label_name : format.text_name) +
                             "\" is missing or neither text nor integer");
  }
  return LabelledText{*text, *label, number};
}

Result<LabelledText> from_tsv(std::string_view line, size_t number, const Columns& columns) {
  const std::vector<std::string_view> cells = split(line);
  if (cells.size() <= std::max(columns.text, columns.label)) {
    return fault(number, "it has " + std::to_string(cells.size()) + " columns, too few");
  }
  return LabelledText{std::string(cells[columns.text]), std::string(cells[columns.label]), number};
}

Result<void> check(LabelledText& item, size_t number, const LabelledFormat& format,
                   const std::vector<std::string>& labels) {
  if (item.text.empty()) return fault(number, "its text is empty");
  if (const auto name = format.label_names.find(item.label); name != format.label_names.end()) {
    item.label = name->second;
  }
  if (std::ranges::find(labels, item.label) != labels.end()) return {};
  std::string known;
  for (const std::string& label : labels) known += (known.empty() ? "" : ", ") + label;
  return fault(number, "the task knows no label '" + item.label + "'; its labels are " + known);
}

}  // namespace

Result<std::vector<LabelledText>> parse_labelled(std::string_view content,
                                                 const LabelledFormat& format,
                                                 const std::vector<std::string>& labels) {
  std::vector<LabelledText> items;
  std::optional<Columns> columns;  // once a header was read
  for (size_t number = 1; !content.empty(); ++number) {
    const size_t end = std::min(content.find('\n'), content.size());
    std::string_view line = content.substr(0, end);
    content.remove_prefix(std::min(end + 1, content.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) continue;
    if (valid_utf8_prefix(line) < line.size()) return fault(number, "its bytes are no UTF-8");
    if (!columns && !line.starts_with('{')) {
      if (number > 1 && !items.empty()) return fault(number, "not a JSON object");
      QAIO_ASSIGN(columns, find_columns(line, format));
      continue;
    }
    QAIO_ASSIGN(LabelledText item,
                columns ? from_tsv(line, number, *columns) : from_json(line, number, format));
    QAIO_RETURN_IF_ERROR(check(item, number, format, labels));
    items.push_back(std::move(item));
  }
  if (items.empty()) return fail(ErrorCode::kInvalidArgument, "it holds no labelled text");
  return items;
}

}  // namespace qaio
