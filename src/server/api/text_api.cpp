// POST /tokenize, POST /detokenize, as llama-server has them.
#include <fmt/format.h>

#include <array>
#include <boost/json/array.hpp>
#include <memory>
#include <utility>
#include <vector>

#include "base/json_writer.h"
#include "base/utf8.h"
#include "server/api/endpoints.h"
#include "server/http/json_fields.h"
#include "server/http/json_pieces.h"

namespace qaio {
namespace {

// Of long texts that wait for their turn: each holds a whole body.
constexpr size_t kWaitingMax = 16;
constexpr int kNiceness = 5;  // below the threads that compute and answer

// There is one model, whatever "model" names: clients send it everywhere.
constexpr std::array<std::string_view, 5> kTokenizeFields = {
    "content", "add_special", "parse_special", "with_pieces", "model"};
constexpr std::array<std::string_view, 2> kDetokenizeFields = {"tokens", "model"};

// A string, or the bytes of a token that is part of a character.
void write_piece(std::string_view bytes, JsonWriter& json) {
  if (valid_utf8_prefix(bytes) == bytes.size()) {
    json.string(bytes);
    return;
  }
  json.begin_array();
  for (const char byte : bytes) json.integer(static_cast<unsigned char>(byte));
  json.end_array();
}

// Every token of a text takes some thirty bytes with its piece, so a long one is written in pieces.
HttpResponse tokens_response(std::vector<TokenId> ids, bool with_pieces,
                             std::shared_ptr<const Backend> backend) {
  const size_t held_bytes = ids.capacity() * sizeof(TokenId);
  const auto kept = std::make_shared<const std::vector<TokenId>>(std::move(ids));
  const auto write_some = [=, backend = std::move(backend),
                           i = size_t{0}](JsonWriter& json) mutable {
    if (i == 0) json.begin_object().key("tokens").begin_array();
    if (i == kept->size()) {
      json.end_array().end_object();
      return false;
    }
    const TokenId id = (*kept)[i++];
    if (!with_pieces) {
      json.integer(id);
      return true;
    }
    json.begin_object().key("id").integer(id).key("piece");
    write_piece(backend->tokenizer->token_bytes(id), json);
    json.end_object();
    return true;
  };
  return json_in_pieces(write_some, held_bytes);
}

Result<HttpResponse> tokenize(Call& call, const std::shared_ptr<const Backend>& backend) {
  const Tokenizer& tokenizer = *backend->tokenizer;
  QAIO_ASSIGN(const JsonFields fields, JsonFields::parse(call.request().body, kTokenizeFields));
  QAIO_ASSIGN(const std::string content, fields.text("content"));
  QAIO_RETURN_IF_ERROR(fields.boolean("add_special"));  // Qwen adds none
  QAIO_ASSIGN(const std::optional<bool> parse_special, fields.boolean("parse_special"));
  QAIO_ASSIGN(const std::optional<bool> with_pieces, fields.boolean("with_pieces"));
  call.lap(Stage::kParse);
  std::vector<TokenId> ids = parse_special.value_or(true) ? tokenizer.encode_with_special(content)
                                                          : tokenizer.encode(content);
  call.lap(Stage::kTokenize);
  return tokens_response(std::move(ids), with_pieces.value_or(false), backend);
}

Result<HttpResponse> detokenize(Call& call, const std::shared_ptr<const Backend>& backend) {
  const Tokenizer& tokenizer = *backend->tokenizer;
  QAIO_ASSIGN(const JsonFields fields, JsonFields::parse(call.request().body, kDetokenizeFields));
  QAIO_ASSIGN(const boost::json::array* tokens, fields.array("tokens", call.request().body.size()));
  if (tokens == nullptr) return fields.must_be("tokens", "an array of token ids");
  std::vector<TokenId> ids;
  ids.reserve(tokens->size());
  for (const boost::json::value& token : *tokens) {
    if (!token.is_int64() || token.get_int64() < 0 || token.get_int64() >= tokenizer.size()) {
      return fields.must_be(
          "tokens", fmt::format("an array of token ids from 0 to {}", tokenizer.size() - 1));
    }
    ids.push_back(static_cast<TokenId>(token.get_int64()));
  }
  call.lap(Stage::kParse);
  HttpResponse response;
  JsonWriter(response.body)
      .begin_object()
      .key("content")
      .string(tokenizer.decode(ids, /*skip_special=*/false))
      .end_object();
  return response;
}

using Convert = Result<HttpResponse> (*)(Call&, const std::shared_ptr<const Backend>&);

BackendHandler text_handler(Convert convert) {
  return [convert](const auto& call, const auto& backend) {
    Result<HttpResponse> response = convert(*call, backend);
    if (!response) return refuse_unread(*call, error_response(response.error()));
    call->lap(Stage::kSerialize);
    call->respond(std::move(*response));
  };
}

}  // namespace

void add_text_api(Router& router, const BackendSlot& slot) {
  const auto thread = std::make_shared<WorkerThread>(kWaitingMax, kNiceness);
  const auto add = [&](const char* path, Convert convert) {
    router.add("POST", path, Scope::kRun,
               when_ready(slot, offload_if_long(thread, text_handler(convert))));
  };
  add("/tokenize", tokenize);
  add("/detokenize", detokenize);
}

}  // namespace qaio
