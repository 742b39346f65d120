#include "model/chat_template_source.h"

#include <gtest/gtest.h>

#include <map>

#include "weights/gguf_writer.h"

namespace qaio {
namespace {

Result<std::string> read(const std::map<std::string, std::string>& files) {
  FileSet set;
  for (const auto& [name, text] : files) set.add(name, std::as_bytes(std::span(text)));
  return chat_template_of(set);
}

TEST(ChatTemplateSource, OfAFolder) {
  EXPECT_EQ(*read({}), "");
  EXPECT_EQ(*read({{"tokenizer_config.json", "{}"}}), "");
  EXPECT_EQ(*read({{"tokenizer_config.json", R"({"chat_template": null})"}}), "");
  EXPECT_EQ(*read({{"tokenizer_config.json", R"({"chat_template": "a\nb"})"}}), "a\nb");
  EXPECT_EQ(*read({{"tokenizer_config.json",
                    R"({"chat_template": [{"name": "tool_use", "template": "t"},
                                          {"name": "default", "template": "d"}]})"}}),
            "d");
  EXPECT_EQ(*read({{"tokenizer_config.json",
                    R"({"chat_template": [{"name": "rag", "template": "r"}]})"}}),
            "r");
  EXPECT_EQ(*read({{"tokenizer_config.json", R"({"chat_template": {"default": "d"}})"}}), "d");
  EXPECT_FALSE(read({{"tokenizer_config.json", "{"}}));
}

TEST(ChatTemplateSource, FilesOfTheirOwnComeFirst) {
  std::map<std::string, std::string> files = {
      {"tokenizer_config.json", R"({"chat_template": "old"})"},
      {"chat_template.json", R"({"chat_template": "newer"})"}};
  EXPECT_EQ(*read(files), "newer");
  files["chat_template.jinja"] = "\xEF\xBB\xBF{{ newest }}\n";
  EXPECT_EQ(*read(files), "{{ newest }}\n");
}

TEST(ChatTemplateSource, OfAGgufFile) {
  GgufWriter writer;
  const int64_t shape[] = {1};
  writer.add_tensor("x", TensorType::kF32, shape);
  const auto of = [&] {
    const std::string bytes = writer.header() + std::string(64, '\0');
    const auto file = GgufFile::parse(std::as_bytes(std::span(bytes)), "model.gguf");
    EXPECT_TRUE(file);
    return chat_template_of(*file);
  };
  EXPECT_EQ(of(), "");
  writer.add_string("tokenizer.chat_template.tool_use", "t");
  writer.add_string("tokenizer.chat_template", "{{ x }}");
  writer.add_string("tokenizer.chat_template.systemone", "s");
  EXPECT_EQ(of(), "{{ x }}");
  const std::string bytes = writer.header() + std::string(64, '\0');
  EXPECT_EQ(other_chat_templates(*GgufFile::parse(std::as_bytes(std::span(bytes)), "model.gguf")),
            (std::vector<std::string>{"tool_use", "systemone"}));
}

// A name of Hugging Face's stands for the token that the file gives it.
TEST(ChatTemplateSource, TokensByTheirNames) {
  const std::string jinja = "{{ bos_token }}{{ messages }}";
  FileSet files;
  files.add("chat_template.jinja", std::as_bytes(std::span(jinja)));
  const std::string config = R"({"bos_token": {"content": "<bos>"}, "eos_token": "<eos>"})";
  files.add("tokenizer_config.json", std::as_bytes(std::span(config)));
  EXPECT_EQ(chat_template_of(files), "{% set bos_token = '<bos>' +%}" + jinja);
}

}  // namespace
}  // namespace qaio
