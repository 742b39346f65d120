#include "model/ignored_sampling.h"

#include <algorithm>
#include <array>

#include "base/json.h"
#include "model/model_files.h"
#include "weights/gguf.h"

namespace qaio {
namespace {

struct Setting {
  std::string_view name;
  double neutral;  // beside null, 0, false and what is empty
};

// Of generation_config.json; all change which tokens come.
constexpr auto kJsonSettings = std::to_array<Setting>({{"no_repeat_ngram_size", 0},
                                                       {"encoder_no_repeat_ngram_size", 0},
                                                       {"bad_words_ids", 0},
                                                       {"suppress_tokens", 0},
                                                       {"begin_suppress_tokens", 0},
                                                       {"forced_bos_token_id", 0},
                                                       {"forced_eos_token_id", 0},
                                                       {"forced_decoder_ids", 0},
                                                       {"force_words_ids", 0},
                                                       {"constraints", 0},
                                                       {"sequence_bias", 0},
                                                       {"min_length", 0},
                                                       {"min_new_tokens", 0},
                                                       {"guidance_scale", 1},
                                                       {"num_beams", 1},
                                                       {"num_beam_groups", 1},
                                                       {"diversity_penalty", 0},
                                                       {"penalty_alpha", 0},
                                                       {"typical_p", 1},
                                                       {"epsilon_cutoff", 0},
                                                       {"eta_cutoff", 0},
                                                       {"top_h", 0},
                                                       {"encoder_repetition_penalty", 1},
                                                       {"exponential_decay_length_penalty", 0},
                                                       {"stop_strings", 0},
                                                       {"dola_layers", 0}});
// Of "general.sampling."; what only belongs to one of these is not named.
constexpr auto kGgufSettings = std::to_array<Setting>(
    {{"mirostat", 0}, {"xtc_probability", 0}, {"penalty_last_n", 64}, {"sequence", 0}});

bool is_neutral(const boost::json::value& value, double neutral) {
  if (const auto* text = value.if_string()) return text->empty();
  if (const auto* list = value.if_array()) return list->empty();
  if (const auto* object = value.if_object()) return object->empty();
  if (const auto* flag = value.if_bool()) return !*flag;
  if (!value.is_number()) return true;  // null
  const auto number = value.to_number<double>();
  return number == 0 || number == neutral;
}

bool is_neutral(const GgufFile& file, const std::string& key, double neutral) {
  const GgufEntry* entry = file.find(key);
  if (entry == nullptr) return true;
  if (entry->type == GgufType::kString) return file.get_string(key, "").value_or("").empty();
  if (entry->type == GgufType::kFloat32 || entry->type == GgufType::kFloat64)
    return file.get_float(key).value_or(0) == 0;
  const int64_t number = file.get_int(key, INT64_MIN, INT64_MAX, int64_t{0}).value_or(0);
  return number == 0 || static_cast<double>(number) == neutral;
}

std::string listed(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
  return out;
}

std::vector<std::string> of_json(const FileSet& files) {
  constexpr const char* kFile = "generation_config.json";
  if (!files.contains(kFile)) return {};
  const auto json = parse_json(files.text(kFile), files.label_of(kFile));
  if (!json || !json->is_object()) return {};
  std::vector<std::string> names;
  for (const Setting& setting : kJsonSettings) {
    const auto* value = json->get_object().if_contains(setting.name);
    if (value != nullptr && !is_neutral(*value, setting.neutral)) names.emplace_back(setting.name);
  }
  if (names.empty()) return {};
  return {std::string(kFile) + " asks for " + listed(names) + ", which this program does not do"};
}

std::vector<std::string> of_gguf(const FileSet& files, const std::string& name) {
  const auto file = load_gguf(files, name);
  if (!file) return {};
  std::vector<std::string> names;
  for (const Setting& setting : kGgufSettings) {
    const std::string key = "general.sampling." + std::string(setting.name);
    if (!is_neutral(*file, key, setting.neutral)) names.push_back(key);
  }
  if (names.empty()) return {};
  return {"the file asks for " + listed(names) + ", which this program does not do"};
}

}  // namespace

std::vector<std::string> ignored_sampling(const FileSet& files) {
  const auto found = find_model(files);
  if (!found || found->kind == ModelKind::kPacked) return {};
  return found->kind == ModelKind::kGguf ? of_gguf(files, found->name) : of_json(files);
}

}  // namespace qaio
