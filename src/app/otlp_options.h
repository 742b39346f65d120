// --otlp-endpoint and OpenTelemetry's own variables: where `qaio serve` exports to.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <optional>
#include <string>

#include "base/result.h"
#include "record/record.h"
#include "telemetry/otlp_exporter.h"

namespace qaio {

struct OtlpSettings {
  std::string endpoint;  // empty: OTEL_EXPORTER_OTLP_ENDPOINT
  std::string headers;   // "name=value,..."; empty: OTEL_EXPORTER_OTLP_HEADERS
};

// --otlp-endpoint, --otlp-headers, each also as QAIO_*.
void add_otlp_options(CLI::App& command, OtlpSettings& settings);

// Null for a variable that is not set.
using Environment = std::function<const char*(const char* name)>;

// What the settings and the variables ask for together; absent: no export. kInvalidArgument names
// the variable that cannot be understood. docs/otlp.md lists them.
Result<std::optional<OtlpOptions>> otlp_options(const OtlpSettings& settings, const RunInfo& run,
                                                const Environment& environment);

}  // namespace qaio
