// qaio tokenize: the ids of a text, and the bytes behind each.
#include <fmt/format.h>

#include <iostream>
#include <iterator>
#include <memory>

#include "app/model_options.h"
#include "cli/commands.h"
#include "cli/json_text.h"
#include "cli/terminal.h"
#include "model/gguf_vocabulary.h"
#include "model/model_files.h"
#include "model/packed_file.h"

namespace qaio {
namespace {

struct Options {
  std::string model;
  std::string text;
  bool special = false;
  bool json = false;
};

// Only the tokenizer: the weights are not read.
Result<std::unique_ptr<Tokenizer>> open_tokenizer(const FileSet& files) {
  if (files.contains("tokenizer.json"))
    return tokenizer_of_folder(files);  // with or without a model
  QAIO_ASSIGN(const ModelFiles model, find_model(files));
  if (model.kind == ModelKind::kPacked) {
    QAIO_ASSIGN(PackedModel packed, read_packed_file(files.bytes(model.name), files.label()));
    return std::move(packed.tokenizer);
  }
  if (model.kind == ModelKind::kHuggingFace) return tokenizer_of_folder(files);
  QAIO_ASSIGN(const GgufFile gguf, load_gguf(files, model.name));
  QAIO_ASSIGN(const Vocabulary vocabulary, vocabulary_from_gguf(gguf));
  return Tokenizer::from_vocabulary(vocabulary);
}

Result<void> tokenize(const Options& options) {
  QAIO_ASSIGN(const FileSet files, open_model(options.model));
  QAIO_ASSIGN(const std::unique_ptr<Tokenizer> tokenizer, open_tokenizer(files));
  std::string text = options.text;
  if (text == "-") text.assign(std::istreambuf_iterator<char>(std::cin), {});
  const std::vector<TokenId> ids =
      options.special ? tokenizer->encode_with_special(text) : tokenizer->encode(text);
  if (options.json) {
    fmt::print("{{\"tokens\": {}}}\n", json_numbers(ids));
    return {};
  }
  Table table({Table::Align::kRight, Table::Align::kLeft});
  for (const TokenId id : ids)
    table.row({std::to_string(id), json_quote(tokenizer->token_bytes(id))});
  fmt::print("{}", table.text());
  return {};
}

}  // namespace

void add_tokenize(CLI::App& app, ExitCode& exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("tokenize", "Print the token ids of a text");
  command->add_option("text", options->text, "The text, or - for standard input")
      ->required()
      ->type_name("TEXT");
  add_model_path(*command, options->model);
  command->add_flag("--special", options->special,
                    "Let spellings such as <|im_end|> mean the special token");
  command->add_flag("--json", options->json, "Print JSON");
  command->callback([options, &exit_code] { exit_code = exit_code_of(tokenize(*options)); });
}

}  // namespace qaio
