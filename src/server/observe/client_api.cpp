// POST /requests/{id}/client: how long a request took the one who made it.
#include <fmt/format.h>

#include <array>
#include <cmath>

#include "base/time_units.h"
#include "record/client_reports.h"
#include "record/request_times.h"
#include "server/http/json_fields.h"
#include "server/observe/observe_api.h"

namespace qaio {
namespace {

constexpr size_t kBodyBytesMax = 1024;
constexpr auto kFields =
    std::to_array<std::string_view>({"first_byte_ms", "first_token_ms", "last_byte_ms", "done_ms"});

constexpr double to_ms(int64_t ns) { return static_cast<double>(ns) / static_cast<double>(kMsNs); }

// To whole microseconds, as times are shown.
int64_t to_ns(double ms) { return std::llround(ms * 1000) * 1000; }

Result<int64_t> read_time(const JsonFields& fields, std::string_view name) {
  QAIO_ASSIGN(const std::optional<double> ms, fields.number(name, 0, to_ms(kClientTimeMaxNs)));
  if (!ms)
    return fail(ErrorCode::kInvalidArgument, fmt::format("'{}' is missing", name),
                std::string(name));
  return to_ns(*ms);
}

Result<ClientTimes> read_times(const std::string& body) {
  QAIO_ASSIGN(const JsonFields fields, JsonFields::parse(body, kFields));
  ClientTimes times;
  QAIO_ASSIGN(times.first_byte_ns, read_time(fields, "first_byte_ms"));
  if (fields.find("first_token_ms") != nullptr) {
    QAIO_ASSIGN(times.first_token_ns, read_time(fields, "first_token_ms"));
  }
  QAIO_ASSIGN(times.last_byte_ns, read_time(fields, "last_byte_ms"));
  QAIO_ASSIGN(times.done_ns, read_time(fields, "done_ms"));
  if (times.last_byte_ns < times.first_byte_ns) {
    return fields.must_be("last_byte_ms", "at least 'first_byte_ms'");
  }
  if (times.done_ns < times.last_byte_ns) {
    return fields.must_be("done_ms", "at least 'last_byte_ms'");
  }
  if (times.first_token_ns &&
      (*times.first_token_ns < times.first_byte_ns || *times.first_token_ns > times.done_ns)) {
    return fields.must_be("first_token_ms", "from 'first_byte_ms' to 'done_ms'");
  }
  return times;
}

HttpResponse answer_to(ClientReportEnd end, const ClientReport& report, const RecordPtr& record,
                       size_t kept_max) {
  const std::string& id = report.request_id;
  switch (end) {
    case ClientReportEnd::kTaken:
      break;
    case ClientReportEnd::kUnknown:
      return unknown_response(id, kept_max, /*archive=*/false);
    case ClientReportEnd::kNotTheirs:
      return error_response(403, "not_yours",
                            fmt::format("request '{}' came without this X-Client-Token", id));
    case ClientReportEnd::kTwice:
      return error_response(409, "already_reported",
                            fmt::format("the times of request '{}' were reported before", id));
    case ClientReportEnd::kNoMemory:
      return error_response(503, error_code_name(ErrorCode::kResourceExhausted),
                            "there is not enough memory for this now; try again later");
    case ClientReportEnd::kTooShort: {
      const double server_ms = to_ms(last_byte_least_ns(*record));
      const double client_ms = to_ms(report.times.last_byte_ns);
      return error_response(
          400, error_code_name(ErrorCode::kInvalidArgument),
          fmt::format("'last_byte_ms' is {:.3f} ms less than the {:.3f} ms that the server alone "
                      "needed before it wrote the end",
                      server_ms - client_ms, server_ms),
          "last_byte_ms");
    }
    case ClientReportEnd::kTooLong:
      return error_response(
          400, error_code_name(ErrorCode::kInvalidArgument),
          fmt::format("'done_ms' is {:.3f}, but the request came {:.3f} ms before this",
                      to_ms(report.times.done_ns),
                      to_ms(report.arrived_ns - record->lane.begin_ns())),
          "done_ms");
  }
  HttpResponse response;
  response.status = 204;
  return response;
}

void take_client_times(const std::shared_ptr<Call>& call, const ObserveSources& sources) {
  ClientReport report;
  report.request_id = percent_decoded(call->request().parameter);
  report.token_hash = call->record().client_token_hash;
  if (report.token_hash == 0) {
    call->respond(error_response(403, "not_yours",
                                 "send the X-Client-Token that the request came with: 16 to 64 "
                                 "visible ASCII characters"));
    return;
  }
  const std::string& body = call->request().body;
  if (body.size() > kBodyBytesMax) {
    call->respond(error_response(
        413, "too_large", fmt::format("the request body is larger than {} bytes", kBodyBytesMax)));
    return;
  }
  const Result<ClientTimes> times = read_times(body);
  if (!times) {
    call->respond(error_response(times.error()));
    return;
  }
  report.times = *times;
  report.arrived_ns = call->record().lane.begin_ns();
  call->lap(Stage::kParse);
  // The server stops: it may be that nobody settles the report any more.
  call->on_cancel([call] {
    call->respond(error_response(503, error_code_name(ErrorCode::kCancelled),
                                 "the server stops and records nothing more"));
  });
  sources.observer->when_consumed(answering(call, [=, sources = sources] {
    sources.clients->take(report, [=, kept_max = sources.recent->count_max()](
                                      ClientReportEnd end, const RecordPtr& record) {
      answering(call,
                [&] { respond_from_thread(call, answer_to(end, report, record, kept_max)); })();
    });
  }));
}

}  // namespace

void add_client_api(Router& router, const ObserveSources& sources) {
  router.add("POST", std::string(kClientTimesRoute), Scope::kRun,
             [sources](const auto& call) { take_client_times(call, sources); });
}

}  // namespace qaio
