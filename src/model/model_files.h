// Which of a set of files are a model, and of what kind.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/file_set.h"
#include "base/result.h"
#include "text/tokenizer.h"

namespace qaio {

enum class ModelKind : uint8_t {
  kHuggingFace,  // config.json, *.safetensors and a tokenizer
  kGguf,
  kPacked,  // by `qaio convert`
};

struct ModelFiles {
  ModelKind kind = ModelKind::kHuggingFace;
  std::string name;  // of the GGUF or packed file; of one in parts, the first
};

// A folder with a config.json is a Hugging Face model. Otherwise the one GGUF or packed file, told
// by its content, as Ollama and others name theirs as they like. kInvalidArgument when there are
// several, kNotFound when there is none.
Result<ModelFiles> find_model(const FileSet& files);

// The names of all files that are read: changing another changes nothing.
std::vector<std::string> names_of_model(const FileSet& files);

// tokenizer.json, or the vocab.json and merges.txt of a tokenizer saved without. kNotFound when
// there is neither; errors begin with the path.
Result<std::unique_ptr<Tokenizer>> tokenizer_of_folder(const FileSet& files);

}  // namespace qaio
