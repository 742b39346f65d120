#include "server/http/path_hint.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <vector>

namespace qaio {
namespace {

using Segments = std::vector<std::string>;

// What other servers have there, as segments that tell, and what does that here.
struct Elsewhere {
  std::string_view there;
  std::string_view here;
};
constexpr std::string_view kCompletions = "/v1/completions";
constexpr std::string_view kChatCompletions = "/v1/chat/completions";
constexpr auto kElsewhere = std::to_array<Elsewhere>({
    {"responses", kChatCompletions},
    {"messages", kChatCompletions},
    {"chat/completion", kChatCompletions},
    {"chats/completions", kChatCompletions},
    {"completion", kCompletions},
    {"infill", kCompletions},
    {"generate", kCompletions},
    {"generate_stream", kCompletions},
    {"decision", "/v1/decisions"},
    {"decide", "/v1/decisions"},
    {"system-one", "/v1/systemone"},
    {"system_one", "/v1/systemone"},
    {"tags", "/v1/models"},
    {"show", "/v1/models"},
    {"ps", "/v1/models"},
    {"model", "/v1/models"},
    {"props", "/v1/models"},
    {"slots", "/stats"},
    {"healthz", "/health"},
    {"ping", "/health"},
    {"status", "/health"},
    {"live", "/health/live"},
    {"livez", "/health/live"},
    {"ready", "/health/ready"},
    {"readyz", "/health/ready"},
});

Segments segments_of(std::string_view path) {
  Segments segments;
  for (size_t at = 0; at <= path.size();) {
    const size_t end = std::min(path.find('/', at), path.size());
    if (end > at) segments.emplace_back(path.substr(at, end - at));
    at = end + 1;
  }
  return segments;
}

// "v1", "api" and their like, which base URLs end with.
bool is_prefix(std::string_view segment) {
  const bool version =
      segment.size() >= 2 && segment[0] == 'v' && segment[1] >= '0' && segment[1] <= '9';
  return version || segment == "api" || segment == "openai";
}

// Without letter case, doubled slashes and prefixes.
Segments telling(std::string_view path) {
  std::string lower(path);
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return std::tolower(c); });
  Segments segments = segments_of(lower);
  const auto first = std::ranges::find_if_not(segments, is_prefix);
  segments.erase(segments.begin(), first);
  return segments;
}

// Whether `path` ends with the segments of a route, of which a parameter stands for any.
bool ends_with(const Segments& path, const Segments& route) {
  if (route.empty() || route.size() > path.size()) return false;
  return std::equal(route.rbegin(), route.rend(), path.rbegin(),
                    [](const std::string& wanted, const std::string& given) {
                      return wanted.starts_with('{') || wanted == given;
                    });
}

bool asks_ollama(std::string_view path) {
  const Segments segments = segments_of(path);
  return segments.size() >= 2 && segments[segments.size() - 2] == "api";
}

// The path of a route; empty: none.
std::string_view meant(std::string_view path, std::span<const KnownPath> routes) {
  const Segments asked = telling(path);
  if (asked.size() == 1 && asked.front() == "chat" &&
      (asks_ollama(path) || segments_of(path).size() > 1)) {
    return kChatCompletions;  // "/chat" itself is this server's own
  }
  std::string_view best;
  size_t best_segments = 0;
  for (const KnownPath& route : routes) {
    const Segments wanted = telling(route.path);
    // A parameter alone, without the names before it, would be anything.
    if (wanted.size() > best_segments && ends_with(asked, wanted)) {
      best = route.path;
      best_segments = wanted.size();
    }
  }
  if (!best.empty()) return best;
  for (const Elsewhere& one : kElsewhere) {
    if (ends_with(asked, segments_of(one.there))) return one.here;
  }
  return {};
}

}  // namespace

std::string path_hint(std::string_view path, std::span<const KnownPath> routes) {
  if (const std::string_view found = meant(path.substr(0, 1024), routes); !found.empty()) {
    const auto route = std::ranges::find(routes, found, &KnownPath::path);
    if (route != routes.end()) {
      return fmt::format("; did you mean {} {}?", route->method, route->path);
    }
  }
  return "; chat is at POST /v1/chat/completions and POST /chat, the model at GET /v1/models, the "
         "server's state at GET /health";
}

}  // namespace qaio
