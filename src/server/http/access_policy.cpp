#include "server/http/access_policy.h"

#include <fmt/format.h>

#include <boost/beast/core/string.hpp>
#include <functional>
#include <string_view>
#include <utility>

namespace qaio {
namespace {

constexpr int kUnauthorized = 401;
constexpr int kForbidden = 403;
constexpr int kTooMany = 429;

struct SentKey {
  std::optional<std::string_view> key;  // absent: none
  bool several = false;                 // different ones
};

// A scheme other than Bearer is for somebody else, as a proxy's password.
std::optional<std::string_view> bearer_of(const std::optional<std::string>& authorization) {
  constexpr std::string_view kBearer = "bearer ";
  if (!authorization) return std::nullopt;
  std::string_view text = *authorization;
  if (!boost::beast::iequals(text.substr(0, kBearer.size()), kBearer)) return std::nullopt;
  text.remove_prefix(std::min(text.find_first_not_of(' ', kBearer.size()), text.size()));
  return text;
}

SentKey sent_key(const Credentials& credentials) {
  const auto bearer = bearer_of(credentials.authorization);
  if (!credentials.x_api_key) return {.key = bearer};
  if (!bearer || *bearer == *credentials.x_api_key) return {.key = *credentials.x_api_key};
  return {.key = *bearer, .several = true};
}

HttpResponse unauthorized(std::string_view code, std::string_view message) {
  HttpResponse response = error_response(kUnauthorized, code, message);
  response.headers.push_back({"WWW-Authenticate", "Bearer realm=\"qaio\""});
  return response;
}

HttpResponse too_many(std::string_view code, const std::string& message,
                      std::chrono::nanoseconds wait) {
  using std::chrono::milliseconds;
  HttpResponse response = error_response(kTooMany, code, message);
  if (wait.count() > 0) set_retry_after(response, std::chrono::ceil<milliseconds>(wait));
  return response;
}

HttpResponse refusal_of(const KeyRing::Answer& answer, std::optional<Scope> scope) {
  const std::string& name = answer.ticket.name();
  switch (*answer.refusal) {
    case KeyRefusal::kMissing:
      return unauthorized("missing_api_key",
                          "this server wants an API key: send it as 'Authorization: Bearer KEY' or "
                          "'x-api-key: KEY'");
    case KeyRefusal::kInvalid:
      return unauthorized("invalid_api_key",
                          "the API key is none of this server's: it is not whole, or was revoked");
    case KeyRefusal::kExpired:
      return unauthorized("expired_api_key",
                          fmt::format("the API key '{}' has expired; ask for a new one", name));
    case KeyRefusal::kScope:
      return error_response(kForbidden, "missing_scope",
                            fmt::format("the API key '{}' is not for this, which needs the scope "
                                        "'{}'",
                                        name, scope_name(scope.value_or(Scope::kAdmin))));
    case KeyRefusal::kRequestsMax:
      return too_many("key_requests_max",
                      fmt::format("{} requests with the API key '{}' are running, its limit; wait "
                                  "for one of them",
                                  answer.limits.requests_max, name),
                      {});
    case KeyRefusal::kRate:
      return too_many("key_rate_limit",
                      fmt::format("the API key '{}' is for {} requests a minute; try again later",
                                  name, answer.limits.requests_per_minute),
                      answer.retry_after);
    case KeyRefusal::kTokenRate:
      return too_many("key_rate_limit",
                      fmt::format("the API key '{}' is for {} tokens a minute, which are used up; "
                                  "try again later",
                                  name, answer.limits.tokens_per_minute),
                      answer.retry_after);
  }
  return error_response(500, error_code_name(ErrorCode::kInternal), "");
}

}  // namespace

std::optional<HttpResponse> AccessPolicy::refuse(const Credentials& credentials,
                                                 const Router::Match& match,
                                                 Exchange& exchange) const {
  if (!keys_) return std::nullopt;
  const bool found = match.handler != nullptr;
  if (found && match.scope == kPublic) return std::nullopt;
  if (preflights_ && exchange.request().method == "OPTIONS") return std::nullopt;
  const SentKey sent = sent_key(credentials);
  if (sent.several) {
    return unauthorized("invalid_api_key",
                        "'Authorization' and 'x-api-key' hold different keys; send one");
  }
  RequestRecord& record = exchange.record();
  const KeyUse use{.scope = found ? match.scope : std::nullopt,
                   .counts = record.path != kClientTimesRoute,
                   .runs_model = match.scope == Scope::kRun && !only_observes(record)};
  KeyRing::Answer answer =
      keys_->admit(sent.key, use, exchange.clock().now_ns(), exchange.clock().wall_unix_ms());
  std::optional<HttpResponse> refusal;
  if (answer.refusal) refusal = refusal_of(answer, use.scope);
  if (answer.ticket) {
    record.key = answer.ticket.name();
    exchange.mutable_request().client_key = std::hash<std::string>()(answer.ticket.id());
    exchange.hold_key(std::move(answer.ticket));
  }
  return refusal;
}

}  // namespace qaio
