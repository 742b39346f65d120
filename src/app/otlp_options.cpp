#include "app/otlp_options.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <string_view>
#include <utility>
#include <vector>

#include "server/http/http.h"
#include "trace/trace_context.h"

namespace qaio {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

constexpr int64_t kDayMs = 24 * 60 * 60 * 1000;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](unsigned char c) {
    return std::isalnum(c) != 0 ||
           std::string_view("!#$%&'*+-.^_`|~/").find(static_cast<char>(c)) !=
               std::string_view::npos;
  });
}

bool is_printable(std::string_view text) {
  return std::ranges::none_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

// "name=value,name=value", values percent-encoded. The message repeats no value: it may be secret.
Result<Pairs> parse_pairs(std::string_view text, std::string_view variable) {
  Pairs pairs;
  while (!text.empty()) {
    const std::string_view one = trimmed(text.substr(0, text.find(',')));
    text.remove_prefix(std::min(text.find(','), text.size() - 1) + 1);
    if (one.empty()) continue;
    const size_t equals = one.find('=');
    const std::string name(trimmed(one.substr(0, std::min(equals, one.size()))));
    if (equals == std::string_view::npos || !is_token(name)) {
      return fail(ErrorCode::kInvalidArgument,
                  fmt::format("{} must be a list of name=value, separated by commas", variable));
    }
    std::string value = percent_decoded(trimmed(one.substr(equals + 1)));
    if (!is_printable(value)) {
      return fail(ErrorCode::kInvalidArgument,
                  fmt::format("{}: the value of '{}' has a control character", variable, name));
    }
    pairs.emplace_back(name, std::move(value));
  }
  return pairs;
}

void set(Pairs& pairs, const std::string& name, const std::string& value) {
  const auto found = std::ranges::find(pairs, name, &Pairs::value_type::first);
  found == pairs.end() ? void(pairs.emplace_back(name, value)) : void(found->second = value);
}

// The variables with the names they have in OpenTelemetry.
class Variables {
 public:
  explicit Variables(const Environment& environment) : environment_(environment) {}

  std::string text(const char* name) const {
    const char* value = environment_(name);
    return value == nullptr ? "" : std::string(trimmed(value));
  }
  // Leaves `out` alone without one.
  Result<void> number(const char* name, int64_t max, int64_t& out) const {
    const std::string value = text(name);
    if (value.empty()) return {};
    int64_t number = 0;
    const char* end = value.data() + value.size();
    const auto [stop, error] = std::from_chars(value.data(), end, number);
    if (error != std::errc() || stop != end || number < 1 || number > max) {
      return fail(ErrorCode::kInvalidArgument,
                  fmt::format("{} must be a whole number from 1 to {}", name, max));
    }
    out = number;
    return {};
  }
  Result<void> milliseconds(const char* name, std::chrono::milliseconds& out) const {
    int64_t count = out.count();
    QAIO_RETURN_IF_ERROR(number(name, kDayMs, count));
    out = std::chrono::milliseconds(count);
    return {};
  }

 private:
  const Environment& environment_;
};

Result<Pairs> resource_of(const RunInfo& run, const Variables& variables) {
  Pairs resource = {{"service.name", "qaio"},
                    {"service.version", run.version},
                    {"service.instance.id", trace_id_text(begin_span({}, {}, false).trace_id)},
                    {"process.pid", std::to_string(::getpid())},
                    {"qaio.isa", run.isa},
                    {"qaio.threads", std::to_string(run.threads)}};
  char host[256] = {};
  if (::gethostname(host, sizeof(host) - 1) == 0) set(resource, "host.name", host);
  QAIO_ASSIGN(const Pairs own,
              parse_pairs(variables.text("OTEL_RESOURCE_ATTRIBUTES"), "OTEL_RESOURCE_ATTRIBUTES"));
  for (const auto& [name, value] : own) set(resource, name, value);
  const std::string name = variables.text("OTEL_SERVICE_NAME");
  if (!name.empty()) set(resource, "service.name", name);
  return resource;
}

// Whether `wanted` is among values that commas separate.
bool lists(std::string_view values, std::string_view wanted) {
  while (!values.empty()) {
    if (trimmed(values.substr(0, values.find(','))) == wanted) return true;
    values.remove_prefix(std::min(values.find(','), values.size() - 1) + 1);
  }
  return false;
}

std::string joined(std::string base, std::string_view path) {
  while (base.ends_with('/')) base.pop_back();
  return base.empty() ? base : base + std::string(path);
}

// Where each kind goes; empty: nowhere.
Result<void> find_urls(const OtlpSettings& settings, const Variables& variables,
                       OtlpOptions& options) {
  if (!settings.endpoint.empty()) {
    options.traces_url = joined(settings.endpoint, "/v1/traces");
    options.metrics_url = joined(settings.endpoint, "/v1/metrics");
  } else if (variables.text("OTEL_SDK_DISABLED") != "true") {
    const std::string base = variables.text("OTEL_EXPORTER_OTLP_ENDPOINT");
    const auto url = [&](const char* own, std::string_view path) {
      const std::string exact = variables.text(own);
      return exact.empty() ? joined(base, path) : exact;
    };
    options.traces_url = url("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "/v1/traces");
    options.metrics_url = url("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "/v1/metrics");
  }
  if (variables.text("OTEL_TRACES_EXPORTER") == "none") options.traces_url.clear();
  if (variables.text("OTEL_METRICS_EXPORTER") == "none") options.metrics_url.clear();
  const bool grpc = variables.text("OTEL_EXPORTER_OTLP_PROTOCOL") == "grpc";
  if (grpc && settings.endpoint.empty() &&
      !(options.traces_url.empty() && options.metrics_url.empty())) {
    return fail(ErrorCode::kInvalidArgument,
                "OTEL_EXPORTER_OTLP_PROTOCOL asks for grpc, but qaio exports over HTTP only; give "
                "--otlp-endpoint the collector's HTTP port, usually 4318");
  }
  return {};
}

}  // namespace

void add_otlp_options(CLI::App& command, OtlpSettings& settings) {
  command
      .add_option("--otlp-endpoint", settings.endpoint,
                  "OpenTelemetry collector that gets traces and metrics, such as "
                  "http://localhost:4318; the OTEL_* variables work, too")
      ->envname("QAIO_OTLP_ENDPOINT")
      ->type_name("URL");
  command
      .add_option("--otlp-headers", settings.headers,
                  "Headers for it, values percent-encoded: NAME=VALUE,...")
      ->envname("QAIO_OTLP_HEADERS")
      ->type_name("LIST");
}

Result<std::optional<OtlpOptions>> otlp_options(const OtlpSettings& settings, const RunInfo& run,
                                                const Environment& environment) {
  const Variables variables(environment);
  OtlpOptions options;
  QAIO_RETURN_IF_ERROR(find_urls(settings, variables, options));
  if (options.traces_url.empty() && options.metrics_url.empty()) {
    return std::optional<OtlpOptions>();
  }
  const bool own = !settings.headers.empty();
  QAIO_ASSIGN(options.headers,
              parse_pairs(own ? settings.headers : variables.text("OTEL_EXPORTER_OTLP_HEADERS"),
                          own ? "--otlp-headers" : "OTEL_EXPORTER_OTLP_HEADERS"));
  QAIO_ASSIGN(options.resource, resource_of(run, variables));
  options.version = run.version;
  if (lists(variables.text("OTEL_SEMCONV_STABILITY_OPT_IN"), "gen_ai_latest_experimental")) {
    options.genai = GenAiConventions::kLatest;
  }
  auto spans_max = static_cast<int64_t>(options.batch_spans_max);
  QAIO_RETURN_IF_ERROR(variables.number("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", 1 << 16, spans_max));
  options.batch_spans_max = static_cast<size_t>(spans_max);
  QAIO_RETURN_IF_ERROR(variables.milliseconds("OTEL_BSP_SCHEDULE_DELAY", options.batch_delay));
  QAIO_RETURN_IF_ERROR(
      variables.milliseconds("OTEL_METRIC_EXPORT_INTERVAL", options.metrics_interval));
  QAIO_RETURN_IF_ERROR(variables.milliseconds("OTEL_EXPORTER_OTLP_TIMEOUT", options.timeout));
  return std::optional(std::move(options));
}

}  // namespace qaio
