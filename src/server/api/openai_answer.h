// Answers in the shape of OpenAI's API: whole objects and the chunks of a stream, as JSON.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_writer.h"
#include "engine/request.h"
#include "server/api/openai_request.h"
#include "tasks/thoughts.h"
#include "text/tokenizer.h"
#include "trace/trace.h"

namespace qaio {

class OpenAiAnswer {
 public:
  // `request` and `tokenizer` outlive this object. `id` is the request's.
  OpenAiAnswer(const OpenAiRequest& request, const Tokenizer& tokenizer, std::string_view id,
               std::string model, std::string fingerprint, int64_t created_unix_s);

  // Of a chat, once its prompt is known: whether the text may begin with a thought.
  void begin(TextStart start);

  // The whole answer, for a request that is not streamed.
  void write_whole(const EngineResult& result, const EngineTrace& trace, JsonWriter& json);

  // The chunks of a stream. First pieces of the text as they come, each with its tokens, and the
  // rest of both; these are empty if there is nothing to send. Then the end, which is one chunk, or
  // two with the usage.
  std::string piece(std::string_view text, std::span<const GeneratedToken> tokens);
  std::string rest(std::span<const GeneratedToken> tokens);
  std::string end(const EngineResult& result, const EngineTrace& trace);
  std::string usage(const EngineTrace& trace);

  const std::string& id() const { return id_; }  // of every body

  // What was generated, or the likeliest choice.
  SplitText whole(const EngineResult& result) const;

 private:
  void open(std::string_view kind, JsonWriter& json) const;
  void write_logprobs(std::span<const GeneratedToken> tokens, JsonWriter& json);
  void write_completion_logprobs(std::span<const GeneratedToken> tokens, JsonWriter& json);
  void write_top_logprobs(std::span<const GeneratedToken> tokens, JsonWriter& json) const;
  void write_token(const TokenLogprob& token, JsonWriter& json) const;
  void write_scores(const EngineResult& result, JsonWriter& json) const;
  void write_delta(const SplitText& text, bool last, JsonWriter& json);
  std::string chunk(const SplitText& text, std::span<const GeneratedToken> tokens);

  const OpenAiRequest& request_;
  const Tokenizer& tokenizer_;
  const std::string id_;
  const std::string model_;
  const std::string fingerprint_;
  const int64_t created_unix_s_;
  TextStart start_ = TextStart::kAnswer;
  ThoughtSplitter thoughts_;               // of the pieces
  bool first_ = true;                      // no piece yet
  StreamingDetokenizer text_{tokenizer_};  // of the tokens reported, for text_offset
  int64_t text_characters_ = 0;            // whole ones of that text
};

// Of a scored request, in the order of its choices.
std::vector<float> choice_probabilities(const EngineResult& result);

// "finish_reason" in OpenAI's words: a scored choice is a complete answer.
std::string_view openai_finish_reason(FinishReason reason);

}  // namespace qaio
