#include "tasks/question_toml.h"

#include <fmt/format.h>

#include "config/toml_reader.h"

namespace qaio {
namespace {

// "bug" or {name = "bug", description = "something does not work"}.
Result<QuestionOption> read_option(const TomlReader& reader, const toml::node& item) {
  QuestionOption option;
  if (const auto name = item.value_exact<std::string>()) {
    option.name = *name;
    return option;
  }
  const toml::table* table = item.as_table();
  if (table == nullptr || !table->contains("name"))
    return reader.fault_at(item, "has an option that is neither a string nor a table with a name");
  TomlReader fields = reader.within(*table, "options");
  QAIO_RETURN_IF_ERROR(fields.any_text("name", option.name));
  QAIO_RETURN_IF_ERROR(fields.any_text("description", option.description));
  QAIO_RETURN_IF_ERROR(fields.done());
  return option;
}

Result<void> read_options(TomlReader& reader, std::vector<QuestionOption>& options) {
  const toml::node* node = reader.take("options");
  if (node == nullptr) return {};
  const toml::array* array = node->as_array();
  if (array == nullptr) {
    return reader.fault("options",
                        "needs an array for 'options', of strings or tables with 'name' and "
                        "'description'");
  }
  options.clear();
  for (const toml::node& item : *array) {
    QAIO_ASSIGN(QuestionOption option, read_option(reader, item));
    options.push_back(std::move(option));
  }
  return {};
}

Result<void> read_levels(TomlReader& reader, std::vector<QuestionOption>& levels) {
  const toml::node* node = reader.take("levels");
  if (node == nullptr) return {};
  const toml::array* array = node->as_array();
  if (array == nullptr) {
    return reader.fault("levels", "needs an array of strings for 'levels', the lowest first");
  }
  levels.clear();
  for (const toml::node& item : *array) {
    const auto level = item.value_exact<std::string>();
    if (!level) return reader.fault_at(item, "has a level that is not a string");
    levels.push_back({.name = {}, .description = *level});
  }
  return {};
}

Result<void> read_sides(TomlReader& reader, std::vector<QuestionOption>& sides) {
  if (sides.empty())
    sides = {{.name = "yes", .description = {}}, {.name = "no", .description = {}}};
  QAIO_RETURN_IF_ERROR(reader.any_text("yes", sides[0].description));
  QAIO_RETURN_IF_ERROR(reader.any_text("no", sides[1].description));
  if (sides[0].description.empty() && sides[1].description.empty()) sides.clear();
  return {};
}

// A request may name a single option, as a client that makes them up as it goes along does.
Result<void> check_option_count(const TomlReader& reader, const Question& question) {
  const size_t count = question.options.size();
  if (count == 1) return reader.fault("options", "has a single option: there is nothing to choose");
  if (count > 1 && count <= kChoiceOptionsMax) return {};
  return reader.fault("options",
                      fmt::format("needs 2 to {} 'options'{}", kChoiceOptionsMax,
                                  count == 0 ? std::string() : fmt::format(", not {}", count)));
}

// Where a fault of a question is most likely mended.
std::string_view main_key(QuestionKind kind) {
  switch (kind) {
    case QuestionKind::kChoice:
      return "options";
    case QuestionKind::kScore:
      return "levels";
    case QuestionKind::kYesNo:
      return "question";
  }
  return "kind";
}

}  // namespace

Result<void> read_question(TomlReader& reader, Question& question) {
  QAIO_RETURN_IF_ERROR(reader.any_text("question", question.instructions));
  switch (question.kind) {
    case QuestionKind::kChoice:
      QAIO_RETURN_IF_ERROR(read_options(reader, question.options));
      break;
    case QuestionKind::kScore:
      QAIO_RETURN_IF_ERROR(read_levels(reader, question.options));
      break;
    case QuestionKind::kYesNo:
      QAIO_RETURN_IF_ERROR(read_sides(reader, question.options));
      break;
  }
  if (question.kind == QuestionKind::kChoice) {
    auto permutations = static_cast<uint64_t>(question.permutations);
    QAIO_RETURN_IF_ERROR(reader.count("permutations", 1, kPermutationsMax, permutations));
    question.permutations = static_cast<int>(permutations);
  }
  QAIO_RETURN_IF_ERROR(reader.done());  // a misspelled key says more than what it left empty
  if (question.kind == QuestionKind::kChoice)
    QAIO_RETURN_IF_ERROR(check_option_count(reader, question));
  if (question.kind == QuestionKind::kScore && question.options.empty())
    return reader.fault("levels",
                        fmt::format("needs {} to {} 'levels'", kScoreLevelsMin, kScoreLevelsMax));
  if (question.kind == QuestionKind::kYesNo && !asks_something(question))
    return reader.fault("question", "asks nothing: it needs a 'question', a 'yes' or a 'no'");
  const Result<void> checked = check_question(question);
  if (!checked) return reader.fault(main_key(question.kind), checked.error().message);
  return {};
}

}  // namespace qaio
