#include "load/survey.h"

#include <boost/json/serialize.hpp>
#include <vector>

#include "base/json.h"
#include "load/answer_reader.h"

namespace qaio {
namespace {

namespace json = boost::json;

constexpr std::chrono::seconds kTimeout{10};

// Empty unless every token has its text.
std::vector<std::string> pieces_of(const json::value& answer) {
  const json::object* object = answer.if_object();
  const json::value* tokens = object == nullptr ? nullptr : object->if_contains("tokens");
  if (tokens == nullptr || !tokens->is_array()) return {};
  std::vector<std::string> pieces;
  for (const json::value& token : tokens->get_array()) {
    const json::object* entry = token.if_object();
    const json::value* piece = entry == nullptr ? nullptr : entry->if_contains("piece");
    if (piece == nullptr || !piece->is_string()) return {};
    pieces.emplace_back(piece->get_string());
  }
  return pieces;
}

}  // namespace

Result<std::string> first_model(const Target& target, const Transport& transport) {
  const std::string path = target.models_path();
  QAIO_ASSIGN(const HttpAnswer answer, http_call(target, transport, path, "", kTimeout));
  if (answer.status != 200) {
    return fail(ErrorCode::kUnsupported,
                target.authority() + path + " answered " + std::to_string(answer.status) + " (" +
                    error_message(answer.body) + "); name the model with --model");
  }
  const auto listed = parse_json(answer.body, target.authority() + path);
  boost::system::error_code ec;
  const json::value* id = listed ? listed->find_pointer("/data/0/id", ec) : nullptr;
  // As System One's servers list them.
  if (id == nullptr && listed) id = listed->find_pointer("/models/0/name", ec);
  if (id == nullptr || !id->is_string()) {
    return fail(ErrorCode::kNotFound,
                target.authority() + path + " lists no model; name one with --model");
  }
  return std::string(id->get_string());
}

Result<void> calibrate(const Target& target, const Transport& transport, PromptText& text) {
  const std::string body = json::serialize(
      json::object{{"content", PromptText::calibration_text()}, {"with_pieces", true}});
  QAIO_ASSIGN(const HttpAnswer answer,
              http_call(target, transport, target.tokenize_path(), body, kTimeout));
  if (answer.status != 200) return {};
  if (const auto parsed = parse_json(answer.body, "the tokens")) text.calibrate(pieces_of(*parsed));
  return {};
}

}  // namespace qaio
