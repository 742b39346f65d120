#include "tasks/chat_template.h"

#include <array>
#include <vector>

#include "tasks/jinja_parser.h"
#include "tasks/jinja_renderer.h"

namespace qaio {
namespace {

constexpr std::string_view kChatMl =
    "{%- for message in messages -%}"
    "{{ '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}"
    "{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{ '<|im_start|>assistant\\n' }}{%- endif -%}";

constexpr std::string_view kImStart = "<|im_start|>";
constexpr std::string_view kImEnd = "<|im_end|>";

// Where the template wrote `mark` last; npos: nowhere.
size_t last_written(const MarkedText& rendered, std::string_view mark) {
  size_t at = rendered.text.rfind(mark);
  while (at != std::string::npos && !rendered.is_template(at, at + mark.size()))
    at = at == 0 ? std::string::npos : rendered.text.rfind(mark, at - 1);
  return at;
}

// The system text at the beginning of a rendered conversation.
std::string system_text(std::string_view rendered) {
  constexpr std::string_view kSystem = "<|im_start|>system\n";
  if (!rendered.starts_with(kSystem)) return {};
  rendered.remove_prefix(kSystem.size());
  return std::string(rendered.substr(0, rendered.find(kImEnd)));
}

jinja::Value message_value(const Message& message) {
  jinja::Dict dict;
  dict.set("role", jinja::Value::of_template(std::string(role_name(message.role))));
  dict.set("content", jinja::Value::of_message(message.text));
  if (message.reasoning)
    dict.set("reasoning_content", jinja::Value::of_message(*message.reasoning));
  return jinja::Value(std::move(dict));
}

// What the published templates do, told apart by what they render.
struct KnownForm {
  std::string_view name;
  std::string_view system;
  Thinking thinking;
  bool open_thought;  // thinking, the prompt ends inside the thought
};
constexpr auto kKnownForms = std::to_array<KnownForm>({
    {"Qwen1.5", "You are a helpful assistant", Thinking::kNone, false},
    {"Qwen2", "You are a helpful assistant.", Thinking::kNone, false},
    {"Qwen2.5", "You are Qwen, created by Alibaba Cloud. You are a helpful assistant.",
     Thinking::kNone, false},
    {"Qwen3", "", Thinking::kSwitch, false},
    {"Qwen3-2507 Instruct, or plain ChatML", "", Thinking::kNone, false},
    {"Qwen3-2507 Thinking", "", Thinking::kAlways, true},
    {"Qwen3.5", "", Thinking::kSwitch, true},
});

}  // namespace

struct ChatTemplate::Compiled {
  std::vector<jinja::Statement> program;
  std::string default_system;
  Thinking thinking = Thinking::kNone;
  bool thinks_by_default = false;
  bool open_thought = false;
  bool writes_im_start = false;

  const Clock* clock = nullptr;

  int64_t now_unix_s() const { return clock->wall_unix_ms() / 1000; }

  Result<MarkedText> render(std::span<const Message> messages, std::optional<bool> think,
                            int64_t now) const {
    jinja::List list;
    for (const Message& message : messages) list.push_back(message_value(message));
    jinja::Dict variables;
    variables.set("messages", jinja::Value(std::move(list)));
    variables.set("add_generation_prompt", jinja::Value(true));
    if (think) variables.set("enable_thinking", jinja::Value(*think));
    variables.set("tools", jinja::Value(jinja::None()));
    variables.set("documents", jinja::Value(jinja::None()));
    variables.set("eos_token", jinja::Value::of_template(std::string(kImEnd)));
    return jinja::render(program, std::move(variables), now);
  }

  // Finds out how the template behaves.
  Result<void> probe() {
    const std::string probe = "probe 5d1f";
    const std::vector<Message> messages = {{Role::kUser, probe}};
    const int64_t now = now_unix_s();  // the same for all, as they are compared
    QAIO_ASSIGN(const MarkedText answers, render(messages, false, now));
    QAIO_ASSIGN(const MarkedText thinks, render(messages, true, now));
    QAIO_ASSIGN(const MarkedText unsaid, render(messages, {}, now));
    if (answers.text.find(probe) == std::string::npos) {
      return fail(ErrorCode::kUnsupported, "it does not write down what a user says");
    }
    default_system = system_text(answers.text);
    writes_im_start = answers.text.find(kImStart) != std::string::npos;
    open_thought = ends_inside_thought(thinks);
    thinking = answers.text != thinks.text    ? Thinking::kSwitch
               : ends_inside_thought(answers) ? Thinking::kAlways
                                              : Thinking::kNone;
    // Qwen3's template would think, too. Who does not ask it to was always answered at once here,
    // which does not change with the program's version.
    thinks_by_default = thinking == Thinking::kSwitch && open_thought && unsaid.text == thinks.text;
    return {};
  }
};

std::string_view role_name(Role role) {
  switch (role) {
    case Role::kSystem:
      return "system";
    case Role::kUser:
      return "user";
    case Role::kAssistant:
      return "assistant";
  }
  return "unknown";
}

bool ends_inside_thought(const MarkedText& rendered) {
  const size_t begin = last_written(rendered, kThoughtBegin);
  const size_t end = last_written(rendered, kThoughtEnd);
  return begin != std::string::npos && (end == std::string::npos || end < begin);
}

Result<ChatTemplate> ChatTemplate::compile(std::string_view source, const Clock& clock) {
  const auto compiled = std::make_shared<Compiled>();
  compiled->clock = &clock;
  QAIO_ASSIGN(compiled->program, jinja::parse(source));
  if (const Result<void> probed = compiled->probe(); !probed)
    return fail(ErrorCode::kUnsupported, probed.error().message);
  return ChatTemplate(compiled);
}

const ChatTemplate& ChatTemplate::chatml() {
  static const ChatTemplate plain = std::move(*compile(kChatMl));
  return plain;
}

ChatTemplate ChatTemplate::of_model(std::string_view source) {
  std::string note = "the model's files hold no chat template";
  if (!source.empty()) {
    Result<ChatTemplate> own = compile(source);
    if (own) return std::move(*own);
    note = "the model's chat template cannot be used (" + own.error().message + ")";
  }
  ChatTemplate plain = chatml();
  plain.note_ = std::move(note);
  return plain;
}

Result<MarkedText> ChatTemplate::render(std::span<const Message> messages,
                                        TemplateOptions options) const {
  Result<MarkedText> rendered = compiled_->render(messages, options.think, compiled_->now_unix_s());
  if (!rendered) {
    // As with every other refusal of a conversation, it is the conversation that has to change.
    return fail(ErrorCode::kInvalidArgument,
                "the model's chat template refuses this conversation: " + rendered.error().message,
                "messages");
  }
  if (options.close_thought && ends_inside_thought(*rendered)) {
    rendered->append(rendered->text.ends_with('\n') ? "\n</think>\n\n" : "\n\n</think>\n\n",
                     TextOrigin::kTemplate);
  }
  return rendered;
}

Result<void> ChatTemplate::check_vocabulary(const Tokenizer& tokenizer) const {
  if (!compiled_->writes_im_start || (tokenizer.special(kImStart) && tokenizer.special(kImEnd)))
    return {};
  return fail(ErrorCode::kUnsupported,
              "the vocabulary has no <|im_start|> and <|im_end|>: not a Qwen chat model");
}

Thinking ChatTemplate::thinking() const { return compiled_->thinking; }

TextStart ChatTemplate::text_start(bool inside_thought, const Tokenizer& tokenizer) const {
  if (inside_thought) return TextStart::kThought;
  const bool may_think = thinking() != Thinking::kNone || tokenizer.special(kThoughtBegin);
  return may_think ? TextStart::kEither : TextStart::kAnswer;
}

bool ChatTemplate::thinks_by_default() const { return compiled_->thinks_by_default; }
const std::string& ChatTemplate::default_system() const { return compiled_->default_system; }

std::string ChatTemplate::describe() const {
  std::string out = note_.empty() ? "the model's own" : "plain ChatML, as " + note_;
  for (const KnownForm& form : kKnownForms) {
    if (note_.empty() && compiled_->writes_im_start && form.system == compiled_->default_system &&
        form.thinking == compiled_->thinking && form.open_thought == compiled_->open_thought) {
      out += ", as " + std::string(form.name);
    }
  }
  out += compiled_->default_system.empty()
             ? "; no system text by default"
             : "; system text by default: \"" + compiled_->default_system + "\"";
  switch (compiled_->thinking) {
    case Thinking::kNone:
      break;
    case Thinking::kSwitch:
      out += compiled_->thinks_by_default ? "; thinks unless asked not to" : "; thinks if asked to";
      break;
    case Thinking::kAlways:
      out += "; always thinks";
      break;
  }
  return out;
}

}  // namespace qaio
