// Follows one answer: when text came, how much, and whether it was whole.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/histogram.h"
#include "load/api.h"
#include "load/sample.h"
#include "load/sse_parser.h"

namespace qaio {

class AnswerReader {
 public:
  static constexpr size_t kDecisionBytesMax = 16 << 20;  // of an answer that is no stream

  // Fills in `sample`'s text times, chunk count and usage, or its number of answers. Gaps between
  // pieces of text go to `gaps` unless that is null. All outlive the reader.
  AnswerReader(LoadApi api, const Clock& clock, RequestSample& sample, Histogram* gaps)
      : api_(api), clock_(clock), sample_(sample), gaps_(gaps) {}

  // The type that the body of a good answer has.
  std::string_view content_type() const;
  // More bytes of the answer's body, just received. After a failure nothing may be pushed.
  std::optional<Failure> push(std::string_view bytes);
  // The body ended: kIncomplete unless the stream had said so.
  std::optional<Failure> finish();

 private:
  void take(const SseEvent& event);
  void take_chat_event(const SseEvent& event, const boost::json::object& data);
  void take_openai_event(const boost::json::object& data);
  void take_decisions();
  bool tells_of_error(const boost::json::object& data);  // and then has failed
  void take_text();
  void take_usage(const boost::json::object& data);
  void fail_with(FailureKind kind, std::string detail);

  LoadApi api_;
  const Clock& clock_;
  RequestSample& sample_;
  Histogram* gaps_;
  SseParser parser_;
  std::string decisions_;  // the body so far of an answer that is no stream
  std::optional<Failure> failure_;
  bool done_ = false;
};

// The message of an error body or event, whatever its shape; empty if it has none. At most 200
// bytes.
std::string error_message(std::string_view body);

}  // namespace qaio
