// How a model wants a conversation written: the chat template of its own file.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "tasks/thoughts.h"
#include "text/marked_text.h"
#include "text/tokenizer.h"

namespace qaio {

enum class Role : uint8_t { kSystem, kUser, kAssistant };
std::string_view role_name(Role role);  // "system", "user", "assistant"

struct Message {
  Role role = Role::kUser;
  std::string text;
  std::optional<std::string> reasoning = {};  // thoughts that led to an earlier answer
};

enum class Thinking : uint8_t {
  kNone,    // answers at once
  kSwitch,  // "enable_thinking" decides
  kAlways,  // every answer begins with thoughts
};

struct TemplateOptions {
  // What the template finds as "enable_thinking"; nullopt: nothing, and it decides.
  std::optional<bool> think = false;
  bool close_thought =
      false;  // what follows the prompt is the answer, also if the model would think
};

// Whether the template left a thought open at the end: the model's next words are a part of it.
bool ends_inside_thought(const MarkedText& rendered);

// Immutable, thread-safe.
class ChatTemplate {
 public:
  // The template of a model's file: Jinja, as far as chat templates use it. kUnsupported with line
  // and reason if it is beyond that, or does not write down what a user says.
  // strftime_now() writes the local time of `clock`, which must outlive the template.
  static Result<ChatTemplate> compile(std::string_view source,
                                      const Clock& clock = SteadyClock::instance());
  // The same; but where that fails, or the file has none (empty), plain ChatML, and note() says so.
  static ChatTemplate of_model(std::string_view source);
  // <|im_start|>ROLE, the text, <|im_end|>, and no system text of its own.
  static const ChatTemplate& chatml();

  // The conversation, and the beginning of the assistant's next message. kInvalidArgument with the
  // template's own words for a conversation that it refuses.
  Result<MarkedText> render(std::span<const Message> messages, TemplateOptions options = {}) const;
  // kUnsupported when the template writes <|im_start|>, which this vocabulary lacks.
  Result<void> check_vocabulary(const Tokenizer& tokenizer) const;

  Thinking thinking() const;
  // What a model writes behind a prompt that ends inside a thought or not.
  TextStart text_start(bool inside_thought, const Tokenizer& tokenizer) const;
  // Of kSwitch: whether a chat without a wish thinks. Qwen3.5's templates decide, by the model's
  // size; others answer at once.
  bool thinks_by_default() const;
  // What the template says for a conversation that has no system message; empty: nothing.
  const std::string& default_system() const;
  // One line for people: whose template it is like, its system text, how it thinks.
  std::string describe() const;
  // Why the file's own template is not used; empty if it is.
  const std::string& note() const { return note_; }

 private:
  struct Compiled;
  explicit ChatTemplate(std::shared_ptr<const Compiled> compiled)
      : compiled_(std::move(compiled)) {}

  std::shared_ptr<const Compiled> compiled_;
  std::string note_;
};

}  // namespace qaio
