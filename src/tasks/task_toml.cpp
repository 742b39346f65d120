#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "config/toml_reader.h"
#include "tasks/decision_wording.h"
#include "tasks/question_toml.h"
#include "tasks/task.h"

namespace qaio {
namespace {

constexpr std::string_view kNeedsKind =
    "needs kind = \"classify\", \"generate\", \"choice\", \"score\" or \"yes_no\"";
constexpr uint64_t kCountMax = 1 << 20;

// A classify task needs only as many free tokens as a short label has.
constexpr int kLabelTokens = 5;

// Keys of a question, in the order in which they are read.
constexpr auto kQuestionKeys =
    std::to_array<std::string_view>({"question", "options", "levels", "yes", "no", "permutations"});
// Keys of the other tasks that say nothing of a question.
constexpr auto kOtherKeys = std::to_array<std::string_view>(
    {"user", "labels", "decode", "history", "max_new_tokens", "temperature", "top_p", "top_k",
     "min_p", "repetition_penalty"});

std::optional<QuestionKind> question_kind_of(std::string_view name) {
  for (const QuestionKind kind :
       {QuestionKind::kChoice, QuestionKind::kScore, QuestionKind::kYesNo}) {
    if (question_kind_name(kind) == name) return kind;
  }
  return {};
}

// Reads one [[task]] table.
class TaskReader {
 public:
  // `base`: what a new generate task begins as.
  TaskReader(const toml::table& table, std::string_view source, const TaskDefinition& base)
      : reader_(table, source, "a task"), base_(base), task_(base) {}

  Result<TaskDefinition> read(const TaskRegistry& existing) {
    QAIO_RETURN_IF_ERROR(read_name());
    if (const TaskDefinition* known = existing.find(task_.name)) {
      task_ = *known;
    } else if (!reader_.has("kind")) {
      return reader_.fault("kind", kNeedsKind);
    }
    QAIO_RETURN_IF_ERROR(read_kind());
    QAIO_RETURN_IF_ERROR(reader_.any_text("system", task_.system));
    QAIO_RETURN_IF_ERROR(read_count("max_prompt_tokens", 1, task_.max_prompt_tokens));
    QAIO_RETURN_IF_ERROR(task_.question ? read_asked() : read_said());
    return task_;
  }

 private:
  Result<void> read_asked() {
    QAIO_RETURN_IF_ERROR(forbid(kOtherKeys, {}));
    QAIO_RETURN_IF_ERROR(forbid(kQuestionKeys, keys_of(task_.question->kind)));
    QAIO_RETURN_IF_ERROR(read_question(reader_, *task_.question));
    task_.labels = option_names(*task_.question);
    return {};
  }

  Result<void> read_said() {
    QAIO_RETURN_IF_ERROR(forbid(kQuestionKeys, {}));
    QAIO_RETURN_IF_ERROR(reader_.any_text("user", task_.user));
    QAIO_RETURN_IF_ERROR(read_labels());
    QAIO_RETURN_IF_ERROR(read_decode());
    QAIO_RETURN_IF_ERROR(reader_.flag("history", task_.history));
    QAIO_RETURN_IF_ERROR(read_count("max_new_tokens", 1, task_.max_new_tokens));
    QAIO_RETURN_IF_ERROR(read_number("temperature", 10, RangeEnds::kBoth, task_.temperature));
    QAIO_RETURN_IF_ERROR(read_number("top_p", 1, RangeEnds::kUpper, task_.top_p));
    QAIO_RETURN_IF_ERROR(read_count("top_k", 0, task_.top_k));
    QAIO_RETURN_IF_ERROR(read_number("min_p", 1, RangeEnds::kBoth, task_.min_p));
    QAIO_RETURN_IF_ERROR(
        read_number("repetition_penalty", 10, RangeEnds::kUpper, task_.repetition_penalty));
    QAIO_RETURN_IF_ERROR(reader_.done());
    QAIO_RETURN_IF_ERROR(check_prompt());
    return check_labels();
  }

  static std::span<const std::string_view> keys_of(QuestionKind kind) {
    static constexpr std::string_view kChoice[] = {"question", "options", "permutations"};
    static constexpr std::string_view kScore[] = {"question", "levels"};
    static constexpr std::string_view kYesNo[] = {"question", "yes", "no"};
    if (kind == QuestionKind::kChoice) return kChoice;
    return kind == QuestionKind::kScore ? std::span<const std::string_view>(kScore) : kYesNo;
  }

  // Keys that have no effect on a task of this kind are refused, all but `allowed`.
  Result<void> forbid(std::span<const std::string_view> keys,
                      std::span<const std::string_view> allowed) const {
    const std::string why =
        fmt::format("which has no effect with kind = \"{}\"", task_.kind_name());
    for (const std::string_view& key : keys) {
      if (std::ranges::find(allowed, key) != allowed.end()) continue;
      QAIO_RETURN_IF_ERROR(reader_.forbid({&key, 1}, why));
    }
    return {};
  }

  Result<void> read_name() {
    const toml::node* node = reader_.take("name");
    if (node == nullptr) return reader_.fault("name", "has no name");
    const auto name = node->value_exact<std::string>();
    const auto allowed = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    };
    if (!name || name->empty() || name->size() > 64 || !std::ranges::all_of(*name, allowed)) {
      return reader_.fault("name", "needs a name of 1 to 64 characters from a-z, 0-9, '_' and '-'");
    }
    task_.name = *name;
    reader_.call(fmt::format("task '{}'", task_.name));
    return {};
  }

  // The kind comes before the other keys: it sets their defaults.
  Result<void> read_kind() {
    const toml::node* node = reader_.take("kind");
    if (node == nullptr) return {};
    const auto kind = node->value_exact<std::string>().value_or("");
    if (kind == task_.kind_name()) return {};
    const auto asked = question_kind_of(kind);
    if (!asked && kind != "classify" && kind != "generate")
      return reader_.fault("kind", kNeedsKind);
    if (asked || task_.question) become_empty();
    if (asked) {
      task_.kind = TaskKind::kDecide;
      task_.question.emplace().kind = *asked;
    } else if (kind == "classify") {
      task_.kind = TaskKind::kClassify;
      task_.max_new_tokens = kLabelTokens;
      task_.temperature = 0.0F;
    } else {
      task_.kind = TaskKind::kGenerate;
      task_.max_new_tokens = base_.max_new_tokens;
      task_.temperature = base_.temperature;
      task_.labels.clear();
      task_.decode = DecodeMode::kScore;
    }
    return {};
  }

  // A question has nothing in common with the other tasks but these.
  void become_empty() {
    TaskDefinition task = base_;
    task.name = std::move(task_.name);
    task.system = std::move(task_.system);
    task.max_prompt_tokens = task_.max_prompt_tokens;
    task_ = std::move(task);
  }

  Result<void> read_count(std::string_view key, uint64_t least, int& out) {
    auto count = static_cast<uint64_t>(out);
    QAIO_RETURN_IF_ERROR(reader_.count(key, least, kCountMax, count));
    out = static_cast<int>(count);
    return {};
  }

  Result<void> read_number(std::string_view key, double max, RangeEnds ends, float& out) {
    double number = out;
    QAIO_RETURN_IF_ERROR(reader_.number(key, 0, max, ends, number));
    out = static_cast<float>(number);
    return {};
  }

  Result<void> read_decode() {
    const toml::node* node = reader_.take("decode");
    if (node == nullptr) return {};
    const auto value = node->value_exact<std::string>();
    if (value != "score" && value != "generate") {
      return reader_.fault("decode", "needs decode = \"score\" or decode = \"generate\"");
    }
    if (task_.kind != TaskKind::kClassify) {
      return reader_.fault("decode", "has 'decode', which is for kind = \"classify\" only");
    }
    task_.decode = value == "score" ? DecodeMode::kScore : DecodeMode::kGenerate;
    return {};
  }

  Result<void> read_labels() {
    const toml::node* node = reader_.take("labels");
    if (node == nullptr) return {};
    const toml::array* array = node->as_array();
    if (array == nullptr) return reader_.fault("labels", "needs an array of strings for 'labels'");
    task_.labels.clear();
    for (const toml::node& item : *array) {
      auto label = item.value_exact<std::string>();
      if (!label || label->empty()) {
        return reader_.fault_at(item, "has a label that is not a non-empty string");
      }
      task_.labels.push_back(std::move(*label));
    }
    return {};
  }

  Result<void> check_prompt() const {
    const size_t at = task_.user.find(kInputPlaceholder);
    if (at == std::string::npos ||
        task_.user.find(kInputPlaceholder, at + 1) != std::string::npos) {
      return reader_.fault("user", "needs {input} exactly once in 'user'");
    }
    return {};
  }

  Result<void> check_labels() const {
    if (task_.kind == TaskKind::kGenerate) {
      if (task_.labels.empty()) return {};
      return reader_.fault("labels", "has 'labels', which are for kind = \"classify\" only");
    }
    if (task_.labels.size() < 2 || task_.labels.size() > TaskRegistry::kLabelsMax) {
      return reader_.fault("labels", fmt::format("needs 2 to {} labels", TaskRegistry::kLabelsMax));
    }
    if (std::set<std::string>(task_.labels.begin(), task_.labels.end()).size() !=
        task_.labels.size()) {
      return reader_.fault("labels", "has the same label twice");
    }
    return {};
  }

  TomlReader reader_;
  const TaskDefinition& base_;
  TaskDefinition task_;
};

}  // namespace

Result<void> TaskRegistry::add_toml(const TomlFile& file) {
  QAIO_ASSIGN(const auto tables, toml_tables(file, "task"));
  TaskRegistry updated = *this;
  std::map<std::string, const toml::table*> seen;
  for (const toml::table* table : tables) {
    QAIO_ASSIGN(TaskDefinition task, TaskReader(*table, file.name(), base_).read(updated));
    const auto [first, is_new] = seen.emplace(task.name, table);
    if (!is_new) return second_of_name(file, task.name, *first->second, *table);
    const auto it = std::ranges::find(updated.tasks_, task.name, &TaskDefinition::name);
    if (it != updated.tasks_.end()) {
      *it = std::move(task);
    } else if (updated.tasks_.size() == kTasksMax) {
      return fail(
          ErrorCode::kInvalidArgument,
          fmt::format("{}more than {} tasks", toml_place(file.name(), table->source()), kTasksMax));
    } else {
      updated.tasks_.push_back(std::move(task));
    }
  }
  *this = std::move(updated);
  return {};
}

}  // namespace qaio
