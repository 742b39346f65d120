// A request's record as spans of OpenTelemetry. docs/otlp.md describes every span and attribute.
#pragma once

#include <cstddef>
#include <string>

#include "record/record.h"
#include "telemetry/otlp_genai.h"

namespace qaio {

// What spans say of the server itself. Empty, 0: not known.
struct OtlpServer {
  std::string model = {};
  std::string address = {};
  int port = 0;
  GenAiConventions genai = GenAiConventions::k1_41;
};

struct OtlpSpans {
  std::string json;  // `Span` objects of opentelemetry.proto.trace.v1, joined by commas
  size_t count = 0;
};

// The same spans with the same ids each time. The server's span begins at arrived_unix_ms; all
// other times follow from it by the steady clock.
OtlpSpans otlp_spans(const RequestRecord& record, const OtlpServer& server);

}  // namespace qaio
