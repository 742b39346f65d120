// Files as people have them: loaded, or refused with the cause.
#include "model/model_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "base/thread_pool.h"
#include "model/load.h"
#include "model/tiny_model_for_test.h"
#include "weights/gguf_writer.h"

namespace qaio {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string refusal(TinyModel model) {
  ThreadPool pool(1);
  const FileSet files = model.file_set();
  auto packed = pack_model(files, pool, WeightsMode::kAuto);
  return packed ? "(loaded)" : packed.error().message;
}

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

// --- Which files are the model.

TEST(FindModel, ToldByContentWhateverTheName) {
  for (const char* name : {"model.gguf", "MODEL.GGUF", "sha256-0123456789abcdef", "model"}) {
    FileSet files;
    files.add(name, bytes_of("GGUF..."));
    files.add("README.md", bytes_of("read me"));
    const auto model = find_model(files);
    ASSERT_TRUE(model) << name << ": " << model.error().message;
    EXPECT_EQ(model->kind, ModelKind::kGguf);
    EXPECT_EQ(model->name, name);
    EXPECT_THAT(names_of_model(files), ElementsAre(name));
  }
}

TEST(FindModel, PartsAreOneModel) {
  FileSet files;
  files.add("m-00001-of-00002.gguf", bytes_of("GGUF"));
  files.add("m-00002-of-00002.gguf", bytes_of("GGUF"));
  ASSERT_TRUE(find_model(files));
  EXPECT_EQ(find_model(files)->name, "m-00001-of-00002.gguf");
  EXPECT_EQ(names_of_model(files).size(), 2u);
  files.add("n.gguf", bytes_of("GGUF"));
  EXPECT_THAT(find_model(files).error().message,
              HasSubstr("holds 2 models; name one of them, e.g. m-00001-of-00002.gguf"));
  files.add("config.json", bytes_of("{}"));
  EXPECT_EQ(find_model(files)->kind, ModelKind::kHuggingFace);
}

TEST(FindModel, SaysWhatIsThereInstead) {
  const auto message = [](const char* name, std::string_view content) {
    FileSet files;
    files.set_label("folder");
    files.add(name, bytes_of(content));
    ThreadPool pool(1);
    auto model = pack_model(files, pool, WeightsMode::kAuto);
    return model ? "(loaded)" : model.error().message;
  };
  EXPECT_THAT(message("adapter_config.json", "{}"), HasSubstr("merge the two first"));
  EXPECT_THAT(message("model.bin", "PK"), HasSubstr("has no config.json"));
  EXPECT_THAT(message("m.gguf", "version https://git-lfs.github.com/spec/v1\n"),
              HasSubstr("folder/m.gguf: is a Git LFS pointer"));
  EXPECT_THAT(message("m.GGUF", "<html>"), HasSubstr("folder/m.GGUF: is a web page"));
}

// --- Hugging Face folders.

TEST(HuggingFaceFolder, ANameOfAnyBytesIsOneReadableLine) {
  TinyModel model;
  FileSet files = model.file_set();
  files.set_label("models/a\xFF b\n# HELP\x1B[2J<b>");
  ThreadPool pool(1);
  const auto packed = pack_model(files, pool, WeightsMode::kAuto);
  ASSERT_TRUE(packed) << packed.error().message;
  EXPECT_EQ(packed->info.name, "a? b # HELP?[2J<b>");
}

// An end that no token is would never come.
TEST(HuggingFaceFolder, EndTokensBeyondTheVocabularyAreRefused) {
  for (const char* file : {"config.json", "generation_config.json"}) {
    TinyModel model;
    if (std::string_view(file) == "config.json") {
      model.config["eos_token_id"] = 1088;
    } else {
      model.files[file] = R"({"eos_token_id": [1, 1088]})";
    }
    EXPECT_THAT(refusal(model), HasSubstr("is 1088, but the vocabulary has 1088 tokens"));
  }
}

// Nor is one taken for another whose last 32 bits are the same.
TEST(HuggingFaceFolder, EndTokensAreReadWithAllTheirBits) {
  TinyModel model;
  model.config["eos_token_id"] = (int64_t{1} << 32) + 5;
  EXPECT_THAT(refusal(model), HasSubstr("is 4294967301, but the vocabulary has 1088 tokens"));
}

TEST(HuggingFaceFolder, AListOfEndTokensThatNobodyNeedsIsRefused) {
  TinyModel model;
  boost::json::array ids;
  for (int id = 0; id < 1000; ++id) ids.emplace_back(id);
  model.config["eos_token_id"] = ids;
  EXPECT_THAT(refusal(model), HasSubstr("has more than 64 end tokens"));
}

TEST(HuggingFaceFolder, WhatIsNotCausalIsRefused) {
  TinyModel model;
  model.config["is_causal"] = true;
  EXPECT_EQ(refusal(model), "(loaded)");
  TinyModel other;
  other.config["is_causal"] = false;
  EXPECT_THAT(refusal(other), HasSubstr("\"is_causal\" is false"));
}

TEST(HuggingFaceFolder, ATokenizerThatAddsTokensIsRefused) {
  for (const bool alone : {true, false}) {
    TinyModel model;
    auto json = boost::json::parse(model.files["tokenizer.json"]);
    const std::string post = R"({"type": "TemplateProcessing", "single": [
        {"SpecialToken": {"id": "<bos>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}]})";
    json.as_object()["post_processor"] = boost::json::parse(
        alone ? post
              : R"({"type": "Sequence", "processors": [{"type": "ByteLevel"}, )" + post + "]}");
    model.files["tokenizer.json"] = boost::json::serialize(json);
    EXPECT_THAT(refusal(model), HasSubstr("post_processor adds the token \"<bos>\""));
  }
}

// In norms, biases and matrices, whichever way they are packed.
TEST(HuggingFaceFolder, WeightsThatAreNotFiniteAreRefusedByName) {
  for (const std::string tensor :
       {"model.norm.weight", "model.embed_tokens.weight", "model.layers.1.mlp.down_proj.weight",
        "model.layers.0.self_attn.k_proj.weight", "model.layers.0.self_attn.q_proj.bias"}) {
    TinyModel model("qwen2");
    model.marked = tensor;
    for (const uint32_t bits : {0x7FC00000U, 0x7F800000U, 0xFF800000U}) {
      model.marked_bits = bits;
      EXPECT_THAT(refusal(model), AllOf(HasSubstr("tensor '" + tensor + "'"), HasSubstr("NaN")));
    }
  }
}

TEST(HuggingFaceFolder, LoadsInEveryFormPeopleHave) {
  for (const char* architecture : {"qwen2", "qwen3"}) {
    EXPECT_EQ(refusal(TinyModel(architecture)), "(loaded)");
    TinyModel marked(architecture);
    marked.files["config.json"] = "\xEF\xBB\xBF" + boost::json::serialize(marked.config);
    marked.files["generation_config.json"] = "\xEF\xBB\xBF{\"temperature\": 0.5}";
    marked.files["tokenizer.json"].insert(0, "\xEF\xBB\xBF");
    EXPECT_EQ(refusal(marked), "(loaded)");
    TinyModel stale(architecture);
    stale.files["model.safetensors.index.json"] =
        R"({"weight_map": {"model.norm.weight": "model-00001-of-00002.safetensors"}})";
    EXPECT_EQ(refusal(stale), "(loaded)");
  }
}

TEST(HuggingFaceFolder, ASlowTokenizerGivesTheSameIds) {
  TinyModel model;
  const auto expected = Tokenizer::from_json(model.files["tokenizer.json"]);
  ASSERT_TRUE(expected) << expected.error().message;
  const auto json = parse_json(model.files["tokenizer.json"], "tokenizer.json");
  ASSERT_TRUE(json);
  std::string merges = "#version: 0.2\n";
  for (const auto& merge : json->at("model").at("merges").as_array()) {
    merges += merge.is_string() ? std::string(merge.get_string())
                                : std::string(merge.at(0).as_string()) + " " +
                                      std::string(merge.at(1).as_string());
    merges += "\n";
  }
  boost::json::object added;
  for (const auto& token : json->at("added_tokens").as_array())
    added[std::to_string(token.at("id").as_int64())] = token;
  model.files["vocab.json"] = boost::json::serialize(json->at("model").at("vocab"));
  model.files["merges.txt"] = merges;
  model.files["tokenizer_config.json"] = boost::json::serialize(
      boost::json::object{{"tokenizer_class", "Qwen2Tokenizer"}, {"added_tokens_decoder", added}});
  model.files.erase("tokenizer.json");
  EXPECT_EQ(refusal(model), "(loaded)");
  const FileSet files = model.file_set();
  const auto slow = tokenizer_of_folder(files);
  ASSERT_TRUE(slow) << slow.error().message;
  EXPECT_EQ((*slow)->size(), (*expected)->size());
  for (const char* text :
       {"<|im_start|>user\nHello, it's 42 你好 e\xCC\x81<|im_end|>", "  \r\n x"}) {
    EXPECT_EQ((*slow)->encode(text), (*expected)->encode(text));
    EXPECT_EQ((*slow)->encode_with_special(text), (*expected)->encode_with_special(text));
  }
  model.files.erase("merges.txt");
  EXPECT_EQ(refusal(model), "folder: has no tokenizer.json, and no merges.txt in its place");
  model.files["merges.txt"] = "version https://git-lfs.github.com/spec/v1\n";
  EXPECT_THAT(refusal(model), HasSubstr("folder/merges.txt: is a Git LFS pointer"));
}

TEST(HuggingFaceFolder, PointersOfGitLfsAreNamed) {
  for (const char* name :
       {"config.json", "tokenizer.json", "model.safetensors", "generation_config.json"}) {
    TinyModel model;
    model.files[name] = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n";
    EXPECT_THAT(refusal(model),
                HasSubstr(std::string("folder/") + name + ": is a Git LFS pointer"));
  }
}

TEST(HuggingFaceFolder, UnusedTensorsAreNamed) {
  for (const char* name :
       {"lm_head.bias", "score.weight", "model.layers.0.self_attn.q_proj.lora_A.weight",
        "model.layers.2.input_layernorm.weight", "model.layers.0.mlp.router.weight",
        "model.embed_positions.weight", "model.norm.bias", "model.layers.1.self_attn.sinks"}) {
    TinyModel model;
    model.tensors[name] = {32};
    EXPECT_THAT(refusal(model), HasSubstr(std::string("folder/model.safetensors: tensor '") + name +
                                          "' has no place"));
  }
  TinyModel model;
  for (const char* name : {"a", "b", "c", "d", "e"}) model.tensors[name] = {1};
  EXPECT_THAT(refusal(model),
              HasSubstr("folder/model.safetensors: tensor 'a', 'b', 'c' and 2 more have no place"));
  model = TinyModel("qwen2");
  model.tensors["model.layers.0.self_attn.q_norm.weight"] = {16};
  EXPECT_THAT(refusal(model), HasSubstr("q_norm.weight' has no place in a qwen2 model"));
}

TEST(HuggingFaceFolder, HarmlessTensorsAreNot) {
  TinyModel model;
  for (const char* name :
       {"model.layers.0.self_attn.rotary_emb.inv_freq", "model.rotary_emb.inv_freq",
        "mtp.fc.weight", "visual.blocks.0.attn.qkv.weight", "model.visual.patch_embed.proj.weight"})
    model.tensors[name] = {32};
  EXPECT_EQ(refusal(model), "(loaded)");
  model.config["num_nextn_predict_layers"] = 1;  // a layer behind the others
  model.tensors["model.layers.2.eh_proj.weight"] = {32};
  EXPECT_EQ(refusal(model), "(loaded)");
}

TEST(HuggingFaceFolder, TheHeadIsTheOneTheConfigurationSays) {
  TinyModel model;
  model.tensors["lm_head.weight"] = {1088, 32};
  EXPECT_EQ(refusal(model), "(loaded)") << "a copy";
  model.marked = "lm_head.weight";
  EXPECT_THAT(refusal(model),
              HasSubstr("tensor 'lm_head.weight' differs from "
                        "'model.embed_tokens.weight', but \"tie_word_embeddings\""));
  model.config["tie_word_embeddings"] = false;
  EXPECT_EQ(refusal(model), "(loaded)");
  model.tensors.erase("lm_head.weight");
  for (const boost::json::value& flag : {boost::json::value(false), boost::json::value()}) {
    model.config["tie_word_embeddings"] = flag;
    EXPECT_THAT(refusal(model), HasSubstr("'lm_head.weight' is missing, but "
                                          "\"tie_word_embeddings\" is not true"));
  }
}

TEST(HuggingFaceFolder, BiasesAreThoseTheConfigurationSays) {
  TinyModel model("qwen3");
  model.config["attention_bias"] = true;
  EXPECT_THAT(refusal(model), HasSubstr("\"attention_bias\" is true, but tensor "
                                        "'model.layers.0.self_attn.q_proj.bias' is missing"));
  for (const char* layer : {"0", "1"}) {
    for (const char* matrix : {"q", "k", "v", "o"})
      model.tensors[std::string("model.layers.") + layer + ".self_attn." + matrix + "_proj.bias"] =
          {32};
  }
  EXPECT_EQ(refusal(model), "(loaded)");
  model.config["attention_bias"] = false;
  EXPECT_THAT(refusal(model), HasSubstr("\"attention_bias\" is false, but tensor "
                                        "'model.layers.0.self_attn.q_proj.bias' is there"));
  model = TinyModel("qwen2");
  model.config["attention_bias"] = true;
  EXPECT_EQ(refusal(model), "(loaded)");
  model.config["mlp_bias"] = true;
  EXPECT_THAT(refusal(model), HasSubstr("\"mlp_bias\" is true, but tensor "
                                        "'model.layers.0.mlp.gate_proj.bias' is missing"));
}

}  // namespace
}  // namespace qaio
