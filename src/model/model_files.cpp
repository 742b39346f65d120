#include "model/model_files.h"

#include <algorithm>

#include "model/packed_file.h"
#include "text/vocabulary_files.h"
#include "weights/gguf.h"

namespace qaio {
namespace {

bool ends_with_ignoring_case(std::string_view name, std::string_view ending) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return name.size() >= ending.size() &&
         std::ranges::equal(name.substr(name.size() - ending.size()), ending, {}, lower, lower);
}

// Also a file that only says so: whatever it holds then is named in an error.
bool may_be_gguf(const FileSet& files, const std::string& name) {
  return is_gguf(files.bytes(name)) || ends_with_ignoring_case(name, ".gguf");
}

// Why there is no model, in words for what is there.
tl::unexpected<Error> no_model(const FileSet& files) {
  std::string reason = ": has no config.json; expected a Hugging Face folder or a GGUF file";
  if (files.contains("adapter_config.json")) {
    reason = ": is an adapter (adapter_config.json) without its base model; merge the two first";
  } else if (const auto names = files.names();
             !names.empty() && files.label_of(names[0]) == files.label()) {
    reason = ends_with_ignoring_case(names[0], ".safetensors")
                 ? ": of a Hugging Face model give the folder, not one file"
                 : ": is neither a GGUF file nor a packed model";
  }
  return fail(ErrorCode::kNotFound, files.label() + reason);
}

}  // namespace

Result<ModelFiles> find_model(const FileSet& files) {
  if (files.contains("config.json")) return ModelFiles{};
  std::vector<ModelFiles> found;
  for (const std::string& name : files.names()) {
    if (is_packed_file(files.bytes(name))) {
      found.push_back({ModelKind::kPacked, name});
    } else if (may_be_gguf(files, name)) {
      // of several parts the first stands for all, if it is there
      const std::string first = part_names(name)[0];
      if (first == name || !files.contains(first)) found.push_back({ModelKind::kGguf, name});
    }
  }
  if (found.empty()) return no_model(files);
  if (found.size() == 1) return found[0];
  return fail(ErrorCode::kInvalidArgument, files.label() + ": holds " +
                                               std::to_string(found.size()) +
                                               " models; name one of them, e.g. " + found[0].name);
}

std::vector<std::string> names_of_model(const FileSet& files) {
  const auto model = find_model(files);
  if (model && model->kind == ModelKind::kPacked) return {model->name};
  if (model && model->kind == ModelKind::kGguf) return part_names(model->name);
  std::vector<std::string> names = files.names();
  std::erase_if(names, [](const std::string& name) {
    return !name.ends_with(".json") && !name.ends_with(".safetensors") && !name.ends_with(".txt");
  });
  return names;
}

Result<std::unique_ptr<Tokenizer>> tokenizer_of_folder(const FileSet& files) {
  const auto in_folder = [&files](const Error& error) {
    return fail(error.code, files.label() + "/" + error.message);
  };
  if (files.contains("tokenizer.json")) {
    auto tokenizer =
        Tokenizer::from_json(files.text("tokenizer.json"), files.text("tokenizer_config.json"));
    if (tokenizer || tokenizer.error().message.starts_with("tokenizer.json"))
      return tokenizer ? std::move(tokenizer) : in_folder(tokenizer.error());
    return fail(tokenizer.error().code,
                files.label_of("tokenizer.json") + ": " + tokenizer.error().message);
  }
  for (const char* name : {"vocab.json", "merges.txt"}) {
    if (files.contains(name)) continue;
    return fail(ErrorCode::kNotFound,
                files.label() + ": has no tokenizer.json, and no " + name + " in its place");
  }
  auto vocabulary =
      vocabulary_from_files({.vocab_json = files.text("vocab.json"),
                             .merges_txt = files.text("merges.txt"),
                             .tokenizer_config_json = files.text("tokenizer_config.json"),
                             .added_tokens_json = files.text("added_tokens.json"),
                             .special_tokens_map_json = files.text("special_tokens_map.json")});
  if (!vocabulary) return in_folder(vocabulary.error());
  auto tokenizer = Tokenizer::from_vocabulary(*vocabulary);
  if (tokenizer) return tokenizer;
  return fail(tokenizer.error().code,
              files.label_of("vocab.json") + ": " + tokenizer.error().message);
}

}  // namespace qaio
