// qaio inspect: what a model's files hold.
#include <fmt/format.h>

#include <array>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "app/model_options.h"
#include "base/json.h"
#include "cli/commands.h"
#include "cli/json_text.h"
#include "cli/terminal.h"
#include "model/chat_template_source.h"
#include "model/config.h"
#include "model/model_files.h"
#include "model/packed_file.h"
#include "tasks/chat_template.h"
#include "text/tokenizer.h"
#include "weights/gguf.h"
#include "weights/safetensors.h"

namespace qaio {
namespace {

constexpr size_t kValueWidth = 60;

struct Options {
  std::string model;
  bool json = false;
};

struct Listing {
  std::string format;          // "GGUF v3", "safetensors"
  Result<ModelConfig> config;  // or why `qaio` cannot run it
  uint64_t file_bytes = 0;
  std::vector<std::pair<std::string, std::string>> settings;  // name, value as JSON
  int64_t vocabulary = 0;                                     // tokens; 0: no tokenizer
  std::string chat_template;                                  // its source; may be empty
  std::vector<std::string> unused_templates;                  // names of further ones
  TensorTable tensors;                                        // borrows the model's bytes
};

std::string json_value(const GgufFile& gguf, const GgufEntry& entry) {
  if (entry.type == GgufType::kString) return json_quote(*gguf.get_string(entry.key));
  const std::string text = GgufFile::describe(entry);
  return parse_json(text, "") ? text : json_quote(text);
}

Result<Listing> list_gguf(const FileSet& files, const std::string& name) {
  QAIO_ASSIGN(const GgufFile gguf, load_gguf(files, name));
  Listing listing;
  listing.format = fmt::format("GGUF v{}", gguf.version());
  listing.config = config_from_gguf(gguf);
  for (const std::string& part : part_names(name)) listing.file_bytes += files.bytes(part).size();
  for (const GgufEntry& entry : gguf.metadata())
    listing.settings.emplace_back(entry.key, json_value(gguf, entry));
  if (const GgufEntry* tokens = gguf.find("tokenizer.ggml.tokens"))
    listing.vocabulary = static_cast<int64_t>(tokens->count);
  listing.chat_template = chat_template_of(gguf);
  listing.unused_templates = other_chat_templates(gguf);
  listing.tensors = gguf.tensors();
  return listing;
}

Result<Listing> list_folder(const FileSet& files) {
  Listing listing;
  listing.format = "safetensors";
  listing.config = config_from_json(files.text("config.json"), files.label() + "/config.json");
  QAIO_ASSIGN(listing.tensors, load_safetensors(files));
  for (const std::string& name : files.names())
    if (name.ends_with(".safetensors")) listing.file_bytes += files.bytes(name).size();
  for (const char* name : {"config.json", "generation_config.json"}) {
    if (!files.contains(name)) continue;
    QAIO_ASSIGN(const auto value, parse_json(files.text(name), files.label() + "/" + name));
    if (!value.is_object())
      return fail(ErrorCode::kCorrupt, fmt::format("{}/{}: is not an object", files.label(), name));
    const std::string prefix = std::string_view(name) == "config.json" ? "" : "generation.";
    for (const auto& [key, setting] : value.as_object()) {
      listing.settings.emplace_back(prefix + std::string(key),
                                    setting.is_double() ? fmt::format("{}", setting.get_double())
                                                        : boost::json::serialize(setting));
    }
  }
  if (files.contains("tokenizer.json") || files.contains("vocab.json")) {
    QAIO_ASSIGN(const auto tokenizer, tokenizer_of_folder(files));
    listing.vocabulary = tokenizer->size();
  }
  QAIO_ASSIGN(listing.chat_template, chat_template_of(files));
  return listing;
}

Result<Listing> list_packed(const FileSet& files, const std::string& name) {
  const std::span<const std::byte> bytes = files.bytes(name);
  QAIO_ASSIGN(const PackedModel model, read_packed_file(bytes, files.label()));
  Listing listing;
  listing.format = "packed by qaio convert";
  listing.config = model.config;
  listing.file_bytes = bytes.size();
  listing.settings = {{"name", json_quote(model.info.name)},
                      {"weights", json_quote(model.info.weight_type)},
                      {"weights_bytes", std::to_string(model.weights.area.size())},
                      {"parameters", std::to_string(model.info.parameters)}};
  listing.vocabulary = model.tokenizer->size();
  listing.chat_template = model.chat_template;
  return listing;
}

Result<Listing> list_model(const FileSet& files) {
  QAIO_ASSIGN(const ModelFiles model, find_model(files));
  if (model.kind == ModelKind::kPacked) return list_packed(files, model.name);
  if (model.kind == ModelKind::kGguf) return list_gguf(files, model.name);
  return list_folder(files);
}

struct TypeTotal {
  int tensors = 0;
  uint64_t parameters = 0;
  uint64_t bytes = 0;
};

std::map<std::string, TypeTotal> totals(const TensorTable& table) {
  std::map<std::string, TypeTotal> by_type;
  for (const TensorView& tensor : table.tensors()) {
    TypeTotal& total = by_type[std::string(tensor_type_name(tensor.type))];
    ++total.tensors;
    total.parameters += static_cast<uint64_t>(tensor.elements());
    total.bytes += tensor.bytes.size();
  }
  for (const ForeignTensor& tensor : table.foreign()) ++by_type[tensor.type_name].tensors;
  return by_type;
}

std::string config_json(const Result<ModelConfig>& config) {
  if (!config) return fmt::format("\"unsupported\": {}", json_quote(config.error().message));
  return fmt::format(
      "\"config\": {{\"architecture\": \"{}\", \"layers\": {}, \"hidden\": {}, \"heads\": {}, "
      "\"kv_heads\": {}, \"head_dim\": {}, \"intermediate\": {}, \"vocab\": {}, "
      "\"context_max\": {}, \"rope_theta\": {}, \"tied_head\": {}}}",
      architecture_name(config->architecture), config->layers, config->hidden, config->heads,
      config->kv_heads, config->head_dim, config->intermediate, config->vocab, config->context_max,
      config->rope_theta, config->tied_head);
}

std::string config_text(const Result<ModelConfig>& config) {
  if (!config) return "qaio cannot run it: " + config.error().message;
  return fmt::format(
      "{}: {} layers of {}, {} heads of {} ({} for keys and values), feed-forward {}, "
      "vocabulary {}, {} head, context {}",
      architecture_name(config->architecture), config->layers, config->hidden, config->heads,
      config->head_dim, config->kv_heads, config->intermediate, config->vocab,
      config->tied_head ? "tied" : "separate", config->context_max);
}

// The lists of temperatures by the kind of question that they are for.
auto temperatures(const DecisionKeys& keys) {
  return std::array{std::pair("choice", &keys.choice), std::pair("score", &keys.score),
                    std::pair("yes_no", &keys.yes_no)};
}

std::string decision_json(const Result<ModelConfig>& config) {
  if (!config || config->decision.empty()) return "null";
  std::vector<std::string> kinds;
  for (const auto& [kind, list] : temperatures(config->decision)) {
    std::vector<std::string> entries;
    for (const auto& [options_max, temperature] : *list) {
      const bool any = options_max == DecisionTemperature::kAnyOptions;
      entries.push_back(fmt::format("{{\"options_max\": {}, \"temperature\": {}}}",
                                    any ? "null" : std::to_string(options_max), temperature));
    }
    kinds.push_back(fmt::format("\"{}\": [{}]", kind, fmt::join(entries, ", ")));
  }
  const std::string& type = config->decision.type;
  return fmt::format("{{\"type\": {}, \"temperatures\": {{{}}}}}",
                     type.empty() ? "null" : json_quote(type), fmt::join(kinds, ", "));
}

// "2.5", or "1.5 to 8 options, 2 beyond".
std::string temperatures_text(const std::vector<DecisionTemperature>& list) {
  if (list.empty()) return "1 (the file says none)";
  std::vector<std::string> parts;
  for (const auto& [options_max, temperature] : list) {
    parts.push_back(options_max != DecisionTemperature::kAnyOptions
                        ? fmt::format("{:g} to {} options", temperature, options_max)
                        : fmt::format("{:g}{}", temperature, list.size() > 1 ? " beyond" : ""));
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

void add_decision_rows(const Listing& listing, Table& table) {
  if (listing.config && !listing.config->decision.empty()) {
    const DecisionKeys& keys = listing.config->decision;
    if (!keys.type.empty())
      table.row({"decision model", keys.type + ", asked in the words of this program"});
    for (const auto& [kind, list] : temperatures(keys))
      table.row({fmt::format("temperature of {}", kind), temperatures_text(*list)});
  }
  for (const std::string& name : listing.unused_templates) {
    table.row({"chat template '" + name + "'",
               name == "systemone" ? "not used: this program words questions itself" : "not used"});
  }
}

void print_json(const Listing& listing, const std::string& label) {
  std::vector<std::string> settings;
  for (const auto& [name, value] : listing.settings)
    settings.push_back(fmt::format("    {}: {}", json_quote(name), value));
  std::vector<std::string> unused;
  for (const std::string& name : listing.unused_templates) unused.push_back(json_quote(name));
  std::vector<std::string> tensors;
  uint64_t parameters = 0;
  for (const TensorView& tensor : listing.tensors.tensors()) {
    parameters += static_cast<uint64_t>(tensor.elements());
    tensors.push_back(
        fmt::format("    {{\"name\": {}, \"type\": \"{}\", \"shape\": {}, \"bytes\": {}}}",
                    json_quote(tensor.name), tensor_type_name(tensor.type),
                    json_numbers(tensor.shape), tensor.bytes.size()));
  }
  for (const ForeignTensor& tensor : listing.tensors.foreign()) {
    tensors.push_back(fmt::format("    {{\"name\": {}, \"type\": {}, \"shape\": {}}}",
                                  json_quote(tensor.name), json_quote(tensor.type_name),
                                  json_numbers(tensor.shape)));
  }
  fmt::print(
      "{{\n  \"model\": {},\n  \"format\": \"{}\",\n  \"file_bytes\": {},\n  \"parameters\": {},\n"
      "  \"vocabulary\": {},\n  \"chat_template\": {},\n  \"unused_templates\": [{}],\n"
      "  \"decision\": {},\n  {},\n  \"settings\": {{\n{}\n  }},\n  "
      "\"tensors\": [\n{}\n  "
      "]\n}}\n",
      json_quote(label), listing.format, listing.file_bytes, parameters, listing.vocabulary,
      json_quote(ChatTemplate::of_model(listing.chat_template).describe()), fmt::join(unused, ", "),
      decision_json(listing.config), config_json(listing.config), fmt::join(settings, ",\n"),
      fmt::join(tensors, ",\n"));
}

// At most kValueWidth bytes, never cut inside a character.
std::string shortened(std::string value) {
  if (value.size() <= kValueWidth) return value;
  size_t end = kValueWidth - 3;
  while (end > 0 && (value[end] & 0xC0) == 0x80) --end;
  return value.substr(0, end) + "...";
}

void print_text(const Listing& listing, const std::string& label) {
  using enum Table::Align;
  fmt::print("{}: {}, {}\n{}\n\n", label, listing.format, bytes_text(listing.file_bytes),
             config_text(listing.config));
  Table settings({kLeft, kLeft});
  for (const auto& [name, value] : listing.settings) settings.row({name, shortened(value)});
  if (listing.vocabulary > 0)
    settings.row({"vocabulary", count_text(static_cast<uint64_t>(listing.vocabulary)) + " tokens"});
  settings.row({"chat template", ChatTemplate::of_model(listing.chat_template).describe()});
  add_decision_rows(listing, settings);
  fmt::print("{}\n", settings.text());
  if (listing.tensors.tensors().empty() && listing.tensors.foreign().empty()) return;

  Table tensors({kLeft, kLeft, kLeft, kRight});
  for (const TensorView& tensor : listing.tensors.tensors()) {
    tensors.row({tensor.name, std::string(tensor_type_name(tensor.type)), shape_text(tensor.shape),
                 bytes_text(tensor.bytes.size())});
  }
  for (const ForeignTensor& tensor : listing.tensors.foreign())
    tensors.row({tensor.name, tensor.type_name, shape_text(tensor.shape), "unsupported"});
  fmt::print("{}\n", tensors.text());

  Table sums({kLeft, kRight, kRight, kRight});
  sums.row({"type", "tensors", "parameters", "size"});
  for (const auto& [type, total] : totals(listing.tensors)) {
    sums.row({type, std::to_string(total.tensors), count_text(total.parameters),
              bytes_text(total.bytes)});
  }
  fmt::print("{}", sums.text());
}

Result<void> inspect(const Options& options) {
  QAIO_ASSIGN(const FileSet files, open_model(options.model));
  QAIO_ASSIGN(const Listing listing, list_model(files));
  options.json ? print_json(listing, files.label()) : print_text(listing, files.label());
  return {};
}

}  // namespace

void add_inspect(CLI::App& app, ExitCode& exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("inspect", "List what a model's files hold");
  command
      ->add_option("model", options->model,
                   "Hugging Face folder or GGUF file; without it the embedded demo model")
      ->check(names_a_model())
      ->type_name("MODEL");
  command->add_flag("--json", options->json, "Print JSON");
  command->callback([options, &exit_code] { exit_code = exit_code_of(inspect(*options)); });
}

}  // namespace qaio
