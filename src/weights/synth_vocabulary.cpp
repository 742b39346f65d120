#include "weights/synth_vocabulary.h"

#include <algorithm>

#include "base/json.h"
#include "weights/tensor.h"

namespace qaio {
namespace {

namespace json = boost::json;

// llama_token_type in llama.h
constexpr int32_t kNormal = 1;
constexpr int32_t kControl = 3;
constexpr int32_t kUserDefined = 4;
constexpr int32_t kUnused = 5;

tl::unexpected<Error> corrupt(const std::string& reason) {
  return fail(ErrorCode::kCorrupt, "tokenizer.json: " + reason);
}

class VocabularyReader {
 public:
  explicit VocabularyReader(int size) {
    vocabulary_.tokens.resize(static_cast<size_t>(size));
    vocabulary_.types.resize(static_cast<size_t>(size), kUnused);
  }

  Result<void> add(std::string_view token, const json::value& id, int32_t type) {
    const int64_t* number = id.if_int64();
    if (number == nullptr) return corrupt("token " + quoted_name(token) + " has no integer id");
    if (*number < 0 || *number >= static_cast<int64_t>(vocabulary_.tokens.size())) {
      return fail(ErrorCode::kInvalidArgument, "tokenizer.json: token " + quoted_name(token) +
                                                   " has id " + std::to_string(*number) +
                                                   ", beyond the model's vocabulary of " +
                                                   std::to_string(vocabulary_.tokens.size()));
    }
    const auto index = static_cast<size_t>(*number);
    vocabulary_.tokens[index] = token;
    vocabulary_.types[index] = type;
    return {};
  }

  Result<void> add_merges(const json::array& merges) {
    vocabulary_.merges.reserve(merges.size());
    for (const json::value& merge : merges) {
      const json::array* pair = merge.if_array();
      if (merge.is_string()) {
        vocabulary_.merges.emplace_back(merge.get_string());
      } else if (pair != nullptr && pair->size() == 2 && (*pair)[0].is_string() &&
                 (*pair)[1].is_string()) {
        vocabulary_.merges.emplace_back((*pair)[0].get_string());
        vocabulary_.merges.back() += ' ';
        vocabulary_.merges.back() += (*pair)[1].get_string();
      } else {
        return corrupt("has a merge that is neither a string nor a pair");
      }
    }
    return {};
  }

  Result<SynthVocabulary> finish() {
    vocabulary_.end_of_text = find("<|endoftext|>");
    vocabulary_.end_of_turn = find("<|im_end|>");
    if (vocabulary_.end_of_text < 0 || vocabulary_.end_of_turn < 0) {
      return fail(ErrorCode::kInvalidArgument,
                  "tokenizer.json: has no <|endoftext|> and <|im_end|>, as Qwen's has");
    }
    for (size_t i = 0; i < vocabulary_.tokens.size(); ++i) {
      if (vocabulary_.types[i] == kUnused) {
        vocabulary_.tokens[i] = "[PAD" + std::to_string(i) + "]";
      }
    }
    return std::move(vocabulary_);
  }

 private:
  TokenId find(std::string_view token) const {
    for (size_t i = 0; i < vocabulary_.tokens.size(); ++i) {
      if (vocabulary_.tokens[i] == token) return static_cast<TokenId>(i);
    }
    return -1;
  }

  SynthVocabulary vocabulary_;
};

// GPT-2's spelling of bytes as printable characters: themselves where printable, else U+0100 on.
// Source: bytes_to_unicode() of https://github.com/openai/gpt-2/blob/master/src/encoder.py
std::vector<std::string> byte_tokens() {
  std::vector<std::string> tokens;
  int next_substitute = 0x100;
  for (int byte = 0; byte < 256; ++byte) {
    const bool printable = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte != 0xad);
    const int code = printable ? byte : next_substitute++;
    if (code < 0x80) {
      tokens.emplace_back(1, static_cast<char>(code));
    } else {
      tokens.push_back(
          {static_cast<char>(0xc0 | (code >> 6)), static_cast<char>(0x80 | (code & 63))});
    }
  }
  return tokens;
}

// Bytes and words up to `total` tokens, without added ones.
SynthVocabulary words_vocabulary(size_t total) {
  SynthVocabulary vocabulary;
  vocabulary.tokens = byte_tokens();
  // Words breadth first: every word plus one letter, beginning with the single letters.
  size_t parent = static_cast<size_t>('a');
  const size_t first_word = vocabulary.tokens.size();
  while (vocabulary.tokens.size() < total) {
    for (char letter = 'a'; letter <= 'z' && vocabulary.tokens.size() < total; ++letter) {
      const std::string word = vocabulary.tokens[parent];
      vocabulary.tokens.push_back(word + letter);
      vocabulary.merges.push_back(word + ' ' + letter);
    }
    parent = parent == static_cast<size_t>('z') ? first_word : parent + 1;
  }
  vocabulary.types.assign(total, kNormal);
  return vocabulary;
}

void add_token(std::string_view spelling, int32_t type, SynthVocabulary& to) {
  to.tokens.emplace_back(spelling);
  to.types.push_back(type);
}

}  // namespace

Result<SynthVocabulary> vocabulary_from_json(std::string_view tokenizer_json, int size) {
  auto root = parse_json(tokenizer_json, "tokenizer.json");
  if (!root) return fail(ErrorCode::kCorrupt, root.error().message);
  const json::object* object = root->if_object();
  const json::value* model = object == nullptr ? nullptr : object->if_contains("model");
  const json::object* bpe = model == nullptr ? nullptr : model->if_object();
  const json::value* vocab = bpe == nullptr ? nullptr : bpe->if_contains("vocab");
  const json::value* merges = bpe == nullptr ? nullptr : bpe->if_contains("merges");
  if (vocab == nullptr || !vocab->is_object() || merges == nullptr || !merges->is_array()) {
    return corrupt("has no BPE vocabulary and merges");
  }
  VocabularyReader reader(size);
  for (const auto& [token, id] : vocab->get_object()) {
    QAIO_RETURN_IF_ERROR(reader.add(token, id, kNormal));
  }
  const json::value* added = object->if_contains("added_tokens");
  if (added != nullptr && added->is_array()) {
    for (const json::value& entry : added->get_array()) {
      const json::object* token = entry.if_object();
      const json::value* content = token == nullptr ? nullptr : token->if_contains("content");
      const json::value* id = token == nullptr ? nullptr : token->if_contains("id");
      if (content == nullptr || !content->is_string() || id == nullptr) {
        return corrupt("has an added token without content and id");
      }
      const json::value* special = token->if_contains("special");
      const bool is_special = special != nullptr && special->is_bool() && special->get_bool();
      QAIO_RETURN_IF_ERROR(
          reader.add(content->get_string(), *id, is_special ? kControl : kUserDefined));
    }
  }
  QAIO_RETURN_IF_ERROR(reader.add_merges(merges->get_array()));
  return reader.finish();
}

SynthVocabulary generated_vocabulary(int size) {
  SynthVocabulary vocabulary = words_vocabulary(static_cast<size_t>(size) - 3);
  for (const char* special : {"<|endoftext|>", "<|im_start|>", "<|im_end|>"})
    add_token(special, kControl, vocabulary);
  vocabulary.end_of_text = size - 3;
  vocabulary.end_of_turn = size - 1;
  return vocabulary;
}

SynthVocabulary generated_qwen35_vocabulary(int size) {
  constexpr std::string_view kAdded =
      "<|endoftext|> <|im_start|> <|im_end|> <|object_ref_start|> <|object_ref_end|> <|box_start|> "
      "<|box_end|> <|quad_start|> <|quad_end|> <|vision_start|> <|vision_end|> <|vision_pad|> "
      "<|image_pad|> <|video_pad|> <tool_call> </tool_call> <|fim_prefix|> <|fim_middle|> "
      "<|fim_suffix|> <|fim_pad|> <|repo_name|> <|file_sep|> <tool_response> </tool_response> "
      "<think> </think>";
  constexpr int kPublishedRows = 248320;
  constexpr int kPublishedWords = 248044;
  const int count = static_cast<int>(std::ranges::count(kAdded, ' ')) + 1;
  const int words = size == kPublishedRows ? kPublishedWords : size - count;
  SynthVocabulary vocabulary = words_vocabulary(static_cast<size_t>(words));
  for (std::string_view rest = kAdded; !rest.empty();) {
    const std::string_view name = rest.substr(0, rest.find(' '));
    // llama.cpp's converter takes whatever looks like a control token for one.
    add_token(name, name.starts_with("<|") ? kControl : kUserDefined, vocabulary);
    rest.remove_prefix(std::min(name.size() + 1, rest.size()));
  }
  for (int id = words + count; id < size; ++id)
    add_token("[PAD" + std::to_string(id) + "]", kUnused, vocabulary);
  vocabulary.end_of_text = words;
  vocabulary.end_of_turn = words + 2;
  return vocabulary;
}

}  // namespace qaio
