#include "load/answer_reader.h"

#include <utility>

#include "base/json.h"
#include "base/printable.h"

namespace qaio {
namespace {

namespace json = boost::json;

constexpr size_t kDetailBytesMax = 200;
constexpr int64_t kTokensMax = int64_t{1} << 32;

const json::object* object_at(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value == nullptr ? nullptr : value->if_object();
}

bool has_text(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  const json::string* text = value == nullptr ? nullptr : value->if_string();
  return text != nullptr && !text->empty();
}

// 0 unless there is a number that a count can be.
int64_t count_at(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  const int64_t* count = value == nullptr ? nullptr : value->if_int64();
  return count == nullptr || *count < 0 || *count > kTokensMax ? 0 : *count;
}

// One line of limited length.
std::string shortened(std::string_view text) {
  return printable(text.substr(0, kDetailBytesMax), PrintableAs::kLine);
}

std::string message_of(const json::object& object) {
  const json::value* error = object.if_contains("error");
  if (error == nullptr) error = object.if_contains("message");
  if (error == nullptr) return {};
  if (const json::object* inner = error->if_object()) error = inner->if_contains("message");
  const json::string* text = error == nullptr ? nullptr : error->if_string();
  return text == nullptr ? std::string() : shortened(*text);
}

}  // namespace

std::string failure_name(const Failure& failure) {
  switch (failure.kind) {
    case FailureKind::kConnect:
      return "connect";
    case FailureKind::kTls:
      return "tls";
    case FailureKind::kTimeout:
      return "timeout";
    case FailureKind::kDisconnected:
      return "disconnected";
    case FailureKind::kHttpStatus:
      return "http " + std::to_string(failure.status);
    case FailureKind::kMalformed:
      return "malformed";
    case FailureKind::kErrorEvent:
      return "error event";
    case FailureKind::kIncomplete:
      return "incomplete";
  }
  return "malformed";
}

std::string error_message(std::string_view body) {
  const auto parsed = parse_json(body, "the answer");
  if (!parsed) return shortened(body);
  return parsed->is_object() ? message_of(parsed->get_object()) : std::string();
}

std::string_view AnswerReader::content_type() const {
  return decides(api_) ? "application/json" : "text/event-stream";
}

std::optional<Failure> AnswerReader::push(std::string_view bytes) {
  if (decides(api_)) {
    decisions_ += bytes;
    if (decisions_.size() > kDecisionBytesMax) {
      fail_with(FailureKind::kMalformed,
                "the answer has more than " + std::to_string(kDecisionBytesMax >> 20) + " MiB");
    }
    return failure_;
  }
  const auto pushed = parser_.push(bytes, [this](const SseEvent& event) { take(event); });
  if (!pushed && !failure_) fail_with(FailureKind::kMalformed, pushed.error().message);
  return failure_;
}

std::optional<Failure> AnswerReader::finish() {
  if (decides(api_) && !failure_) take_decisions();
  if (failure_) return failure_;
  if (done_) return std::nullopt;
  return Failure{FailureKind::kIncomplete, 0, "the stream ended without its last event"};
}

void AnswerReader::take(const SseEvent& event) {
  if (failure_) return;
  if (api_ != LoadApi::kQaioChat && event.data == "[DONE]") {
    done_ = true;
    return;
  }
  const auto data = parse_json(event.data, "an event");
  if (!data) return fail_with(FailureKind::kMalformed, data.error().message);
  const json::object* object = data->if_object();
  if (object == nullptr) return fail_with(FailureKind::kMalformed, "an event is not a JSON object");
  if (tells_of_error(*object)) return;
  api_ == LoadApi::kQaioChat ? take_chat_event(event, *object) : take_openai_event(*object);
}

void AnswerReader::take_chat_event(const SseEvent& event, const json::object& data) {
  if (event.name == "token" && has_text(data, "text")) take_text();
  if (event.name == "done") {
    take_usage(data);
    done_ = true;
  }
}

void AnswerReader::take_openai_event(const json::object& data) {
  take_usage(data);
  const json::value* choices = data.if_contains("choices");
  if (choices == nullptr || !choices->is_array()) return;
  for (const json::value& value : choices->get_array()) {
    const json::object* choice = value.if_object();
    if (choice == nullptr) continue;
    const json::object* delta = object_at(*choice, "delta");
    // Reasoning is generated text as well; its name differs between servers.
    const bool text = delta == nullptr
                          ? has_text(*choice, "text")
                          : has_text(*delta, "content") || has_text(*delta, "reasoning_content") ||
                                has_text(*delta, "reasoning");
    if (text) take_text();
    const json::value* reason = choice->if_contains("finish_reason");
    if (reason != nullptr && !reason->is_null()) done_ = true;
  }
}

void AnswerReader::take_decisions() {
  const auto data = parse_json(decisions_, "the answer");
  if (!data) return fail_with(FailureKind::kMalformed, data.error().message);
  const json::object* object = data->if_object();
  if (object == nullptr)
    return fail_with(FailureKind::kMalformed, "the answer is not a JSON object");
  if (tells_of_error(*object)) return;
  // A map by the questions' names, or a list in their order.
  if (const json::value* answers = object->if_contains("answers")) {
    if (const json::object* map = answers->if_object())
      sample_.answers = static_cast<int64_t>(map->size());
    if (const json::array* list = answers->if_array())
      sample_.answers = static_cast<int64_t>(list->size());
  }
  if (sample_.answers == 0) return fail_with(FailureKind::kMalformed, "the answer has no answers");
  take_usage(*object);
  done_ = true;
}

bool AnswerReader::tells_of_error(const json::object& data) {
  if (!data.contains("error") || data.at("error").is_null()) return false;
  const std::string message = message_of(data);
  fail_with(FailureKind::kErrorEvent, message.empty() ? "without a message" : message);
  return true;
}

void AnswerReader::take_text() {
  const TimeNs now = clock_.now_ns();
  if (sample_.first_text_ns == 0) {
    sample_.first_text_ns = now;
  } else if (gaps_ != nullptr) {
    gaps_->add(now - sample_.last_text_ns);
  }
  sample_.last_text_ns = now;
  ++sample_.text_chunks;
}

void AnswerReader::take_usage(const json::object& data) {
  const json::object* usage = object_at(data, "usage");
  if (usage == nullptr) return;
  // APIs that decide have the names of OpenAI's newer ones.
  const bool newer = decides(api_);
  TokenUsage counts{.prompt = count_at(*usage, newer ? "input_tokens" : "prompt_tokens"),
                    .cached = count_at(*usage, "cached_tokens"),
                    .output = count_at(*usage, newer ? "output_tokens" : "completion_tokens")};
  const json::object* details =
      object_at(*usage, newer ? "input_tokens_details" : "prompt_tokens_details");
  if (details != nullptr) counts.cached = count_at(*details, "cached_tokens");
  sample_.usage = counts;
}

void AnswerReader::fail_with(FailureKind kind, std::string detail) {
  failure_ = Failure{kind, 0, std::move(detail)};
}

}  // namespace qaio
