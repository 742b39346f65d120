#include "model/ignored_sampling.h"

#include <gmock/gmock.h>

#include "weights/gguf_writer.h"

namespace qaio {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> of_json(std::string_view text) {
  FileSet files;
  files.add("config.json", std::as_bytes(std::span(std::string_view("{}"))));
  files.add("generation_config.json", std::as_bytes(std::span(text)));
  return ignored_sampling(files);
}

std::vector<std::string> of_gguf(GgufWriter writer) {
  const int64_t shape[] = {1};
  writer.add_tensor("x", TensorType::kF32, shape);
  const std::string bytes = writer.header() + std::string(64, '\0');
  FileSet files;
  files.add("m.gguf", std::as_bytes(std::span(bytes)));
  return ignored_sampling(files);
}

TEST(IgnoredSampling, OneSentenceNamesWhatCannotBeDone) {
  EXPECT_THAT(of_json(R"({"no_repeat_ngram_size": 3, "num_beams": 4, "suppress_tokens": [1],
                          "sequence_bias": {"a": 1}, "temperature": 0.7})"),
              ElementsAre("generation_config.json asks for no_repeat_ngram_size, suppress_tokens, "
                          "sequence_bias, num_beams, which this program does not do"));
  GgufWriter writer;
  writer.add_uint("general.sampling.mirostat", 2);
  writer.add_float("general.sampling.xtc_probability", 0.5F);
  writer.add_string("general.sampling.sequence", "top_k;temp");
  EXPECT_THAT(of_gguf(writer), ElementsAre("the file asks for general.sampling.mirostat, "
                                           "general.sampling.xtc_probability, "
                                           "general.sampling.sequence, which this program does not "
                                           "do"));
}

TEST(IgnoredSampling, NeutralValuesAskForNothing) {
  EXPECT_THAT(of_json(R"({"no_repeat_ngram_size": 0, "num_beams": 1, "suppress_tokens": null,
                          "bad_words_ids": [], "guidance_scale": 1.0, "top_k": 20})"),
              IsEmpty());
  GgufWriter writer;
  writer.add_uint("general.sampling.mirostat", 0);
  writer.add_uint("general.sampling.penalty_last_n", 64);
  writer.add_float("general.sampling.xtc_probability", 0);
  EXPECT_THAT(of_gguf(writer), IsEmpty());
}

}  // namespace
}  // namespace qaio
