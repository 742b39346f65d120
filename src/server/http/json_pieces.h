// A long answer made piece by piece, each when the client has taken the one before.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/json_writer.h"
#include "server/http/http.h"

namespace qaio {

// `write_some` adds the next part of the answer to the text and says whether there is more to
// write; it is called until a piece is full, then again when that has been taken. `held_bytes` is
// what it keeps for that. An answer that fits one piece is an ordinary one.
inline HttpResponse text_in_pieces(std::function<bool(std::string&)> write_some,
                                   size_t held_bytes) {
  struct State {
    std::string text;
    std::function<bool(std::string&)> write_some;
    bool more = true;
  };
  const auto state = std::make_shared<State>();
  state->write_some = std::move(write_some);
  const auto next_piece = [state] {
    state->text.clear();
    while (state->more && state->text.size() < kPieceBytes) {
      state->more = state->write_some(state->text);
    }
    return state->text;
  };
  HttpResponse response;
  response.body = next_piece();
  if (state->more) {
    response.next_piece = next_piece;
    response.held_bytes = held_bytes;
  }
  return response;
}

// The same of JSON.
inline HttpResponse json_in_pieces(std::function<bool(JsonWriter&)> write_some, size_t held_bytes) {
  return text_in_pieces(
      [write_some = std::move(write_some),
       json = std::optional<JsonWriter>()](std::string& text) mutable {
        if (!json) json.emplace(text);  // which is the same one every time
        return write_some(*json);
      },
      held_bytes);
}

}  // namespace qaio
