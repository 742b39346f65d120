// Where a load is sent to.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "load/api.h"

namespace qaio {

struct Target {
  bool tls = false;  // https://
  std::string host;  // without the brackets of an IPv6 address
  std::string port;
  std::string path;
  LoadApi api = LoadApi::kQaioChat;
  std::vector<std::pair<std::string, std::string>> headers;  // of every request

  std::string authority() const;  // "host:port" as the Host header has it
  std::string url() const { return (tls ? "https://" : "http://") + authority() + path; }
  // Where a server with this endpoint has its list of models, and llama-server's tokenizer.
  std::string models_path() const;
  std::string tokenize_path() const;
};

// `endpoint` is appended to the URL's path; empty: the URL names the endpoint itself, or it is that
// of `api`, /chat without one. `api` empty: the path tells. kInvalidArgument says what is wrong;
// kUnsupported for another scheme than http and https.
Result<Target> parse_target(std::string_view url, std::string_view endpoint,
                            std::optional<LoadApi> api = {});

}  // namespace qaio
