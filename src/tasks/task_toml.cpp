#include <algorithm>
#include <array>
#include <set>

#include "tasks/task.h"

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

namespace qaio {
namespace {

constexpr std::string_view kKnownKeys =
    "name, kind, system, user, labels, decode, history, max_prompt_tokens, max_new_tokens, "
    "temperature, top_p, top_k, min_p, repetition_penalty";

// A classify task needs only as many free tokens as a short label has.
constexpr int kLabelTokens = 5;

// Reads one [[task]] table; every error says where it is and which task and key are at fault.
class TaskReader {
 public:
  // `base`: what a new generate task begins as.
  TaskReader(const toml::table& table, std::string_view source, const TaskDefinition& base)
      : table_(table), source_(source), base_(base), task_(base) {}

  Result<TaskDefinition> read(const TaskRegistry& existing) {
    QAIO_RETURN_IF_ERROR(read_name());
    if (const TaskDefinition* known = existing.find(task_.name)) {
      task_ = *known;
    } else if (!table_.contains("kind")) {
      return fault(table_, "needs kind = \"classify\" or kind = \"generate\"");
    }
    QAIO_RETURN_IF_ERROR(read_kind());
    for (const auto& [key, node] : table_) {
      QAIO_RETURN_IF_ERROR(read_key(key.str(), node));
    }
    QAIO_RETURN_IF_ERROR(check_prompt());
    QAIO_RETURN_IF_ERROR(check_labels());
    return task_;
  }

 private:
  tl::unexpected<Error> fault(const toml::node& node, std::string_view what) const {
    std::string message(source_);
    if (const auto line = node.source().begin.line; line > 0) {
      message += " line " + std::to_string(line);
    }
    message += task_.name.empty() ? ": a task" : ": task '" + task_.name + "'";
    message += " ";
    message += what;
    return fail(ErrorCode::kInvalidArgument, std::move(message));
  }

  Result<void> read_name() {
    const toml::node* node = table_.get("name");
    if (node == nullptr) return fault(table_, "has no name");
    const auto name = node->value_exact<std::string>();
    const auto allowed = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    };
    if (!name || name->empty() || name->size() > 64 || !std::ranges::all_of(*name, allowed)) {
      return fault(*node, "needs a name of 1 to 64 characters from a-z, 0-9, '_' and '-'");
    }
    task_.name = *name;
    return {};
  }

  // The kind comes before the other keys: it sets their defaults.
  Result<void> read_kind() {
    const toml::node* node = table_.get("kind");
    if (node == nullptr) return {};
    const auto kind = node->value_exact<std::string>();
    if (kind == "classify") {
      if (task_.kind != TaskKind::kClassify) {
        task_.max_new_tokens = kLabelTokens;
        task_.temperature = 0.0F;
      }
      task_.kind = TaskKind::kClassify;
    } else if (kind == "generate") {
      if (task_.kind != TaskKind::kGenerate) {
        task_.max_new_tokens = base_.max_new_tokens;
        task_.temperature = base_.temperature;
        task_.labels.clear();
        task_.decode = DecodeMode::kScore;
      }
      task_.kind = TaskKind::kGenerate;
    } else {
      return fault(*node, "needs kind = \"classify\" or kind = \"generate\"");
    }
    return {};
  }

  Result<void> read_key(std::string_view key, const toml::node& node) {
    if (key == "name" || key == "kind") return {};
    if (key == "system") return read_text(key, node, task_.system);
    if (key == "user") return read_text(key, node, task_.user);
    if (key == "labels") return read_labels(node);
    if (key == "decode") return read_decode(node);
    if (key == "history") {
      const auto value = node.value_exact<bool>();
      if (!value) return fault(node, "needs true or false for 'history'");
      task_.history = *value;
      return {};
    }
    if (key == "max_prompt_tokens") return read_count(key, node, task_.max_prompt_tokens);
    if (key == "max_new_tokens") return read_count(key, node, task_.max_new_tokens);
    if (key == "temperature") {
      return read_number(key, node, task_.temperature, "a number from 0 to 10",
                         [](double x) { return x >= 0 && x <= 10; });
    }
    if (key == "top_p") {
      return read_number(key, node, task_.top_p, "a number above 0 and up to 1",
                         [](double x) { return x > 0 && x <= 1; });
    }
    if (key == "top_k") return read_count(key, node, task_.top_k, /*least=*/0);
    if (key == "min_p") {
      return read_number(key, node, task_.min_p, "a number from 0 to 1",
                         [](double x) { return x >= 0 && x <= 1; });
    }
    if (key == "repetition_penalty") {
      return read_number(key, node, task_.repetition_penalty, "a number above 0 and up to 10",
                         [](double x) { return x > 0 && x <= 10; });
    }
    return fault(node, "has the unknown key '" + std::string(key) + "'; known are " +
                           std::string(kKnownKeys));
  }

  Result<void> read_text(std::string_view key, const toml::node& node, std::string& out) {
    auto value = node.value_exact<std::string>();
    if (!value) return fault(node, "needs a string for '" + std::string(key) + "'");
    out = std::move(*value);
    return {};
  }

  Result<void> read_count(std::string_view key, const toml::node& node, int& out,
                          int64_t least = 1) {
    constexpr int64_t kMax = 1 << 20;
    const auto value = node.value_exact<int64_t>();
    if (!value || *value < least || *value > kMax) {
      return fault(node, "needs a whole number from " + std::to_string(least) + " to " +
                             std::to_string(kMax) + " for '" + std::string(key) + "'");
    }
    out = static_cast<int>(*value);
    return {};
  }

  template <typename Check>
  Result<void> read_number(std::string_view key, const toml::node& node, float& out,
                           std::string_view range, Check check) {
    const auto value = node.is_number() ? node.value<double>() : std::nullopt;
    if (!value || !check(*value)) {
      return fault(node, "needs " + std::string(range) + " for '" + std::string(key) + "'");
    }
    out = static_cast<float>(*value);
    return {};
  }

  Result<void> read_decode(const toml::node& node) {
    const auto value = node.value_exact<std::string>();
    if (value != "score" && value != "generate") {
      return fault(node, "needs decode = \"score\" or decode = \"generate\"");
    }
    if (task_.kind != TaskKind::kClassify) {
      return fault(node, "has 'decode', which is for kind = \"classify\" only");
    }
    task_.decode = value == "score" ? DecodeMode::kScore : DecodeMode::kGenerate;
    return {};
  }

  Result<void> read_labels(const toml::node& node) {
    const toml::array* array = node.as_array();
    if (array == nullptr) return fault(node, "needs an array of strings for 'labels'");
    task_.labels.clear();
    for (const toml::node& item : *array) {
      auto label = item.value_exact<std::string>();
      if (!label || label->empty())
        return fault(item, "has a label that is not a non-empty string");
      task_.labels.push_back(std::move(*label));
    }
    return {};
  }

  Result<void> check_prompt() const {
    const size_t at = task_.user.find(kInputPlaceholder);
    if (at == std::string::npos ||
        task_.user.find(kInputPlaceholder, at + 1) != std::string::npos) {
      return fault(node_of("user"), "needs {input} exactly once in 'user'");
    }
    return {};
  }

  Result<void> check_labels() const {
    if (task_.kind == TaskKind::kGenerate) {
      if (task_.labels.empty()) return {};
      return fault(node_of("labels"), "has 'labels', which are for kind = \"classify\" only");
    }
    if (task_.labels.size() < 2 || task_.labels.size() > TaskRegistry::kLabelsMax) {
      return fault(node_of("labels"),
                   "needs 2 to " + std::to_string(TaskRegistry::kLabelsMax) + " labels");
    }
    if (std::set<std::string>(task_.labels.begin(), task_.labels.end()).size() !=
        task_.labels.size()) {
      return fault(node_of("labels"), "has the same label twice");
    }
    return {};
  }

  const toml::node& node_of(std::string_view key) const {
    const toml::node* node = table_.get(key);
    return node != nullptr ? *node : table_;
  }

  const toml::table& table_;
  std::string_view source_;
  const TaskDefinition& base_;
  TaskDefinition task_;
};

std::string at_line(std::string_view source, const toml::source_region& region) {
  return std::string(source) + " line " + std::to_string(region.begin.line) + ": ";
}

}  // namespace

Result<void> TaskRegistry::add_toml(std::string_view toml, std::string_view source_name) {
  const toml::parse_result parsed = toml::parse(toml, source_name);
  if (!parsed) {
    const toml::parse_error& error = parsed.error();
    return fail(ErrorCode::kInvalidArgument,
                at_line(source_name, error.source()) + std::string(error.description()));
  }
  TaskRegistry updated = *this;
  for (const auto& [key, node] : parsed.table()) {
    const toml::array* tables = node.as_array();
    if (key.str() != "task" || tables == nullptr || !tables->is_homogeneous<toml::table>()) {
      return fail(ErrorCode::kInvalidArgument, at_line(source_name, node.source()) +
                                                   "expected only [[task]] tables, found '" +
                                                   std::string(key.str()) + "'");
    }
    for (const toml::node& table : *tables) {
      QAIO_ASSIGN(TaskDefinition task,
                  TaskReader(*table.as_table(), source_name, base_).read(updated));
      const auto it = std::ranges::find(updated.tasks_, task.name, &TaskDefinition::name);
      if (it != updated.tasks_.end()) {
        *it = std::move(task);
      } else if (updated.tasks_.size() == kTasksMax) {
        return fail(ErrorCode::kInvalidArgument, at_line(source_name, table.source()) +
                                                     "more than " + std::to_string(kTasksMax) +
                                                     " tasks");
      } else {
        updated.tasks_.push_back(std::move(task));
      }
    }
  }
  *this = std::move(updated);
  return {};
}

}  // namespace qaio
