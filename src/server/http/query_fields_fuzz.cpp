// libFuzzer: any bytes as a query and as a path.
#include <array>
#include <string>

#include "base/fuzz_for_test.h"
#include "server/http/query_fields.h"
#include "server/http/router.h"

namespace qaio {
namespace {

// What decodes to itself: every byte as an escape.
std::string encoded(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<uint8_t>(c);
    out += {'%', kHex[byte >> 4], kHex[byte & 15]};
  }
  return out;
}

void check_query(std::string_view query) {
  constexpr auto kKnown = std::to_array<std::string_view>({"a", "since", "limit"});
  const auto fields = QueryFields::parse(query, kKnown);
  if (!fields) {
    require(fields.error().code == ErrorCode::kInvalidArgument && !fields.error().message.empty());
    return;
  }
  std::string again;
  for (const std::string_view name : kKnown) {
    if (const auto text = fields->text(name)) {
      again += (again.empty() ? "" : "&") + encoded(name) + "=" + encoded(*text);
    }
  }
  const auto same = QueryFields::parse(again, kKnown);
  require(same.has_value());
  for (const std::string_view name : kKnown) require(same->text(name) == fields->text(name));
  if (const auto limit = fields->integer("limit", 1, 1000); limit && *limit) {
    require(**limit >= 1 && **limit <= 1000);
  }
  if (const auto number = fields->number("limit", 0, 1); number && *number) {
    require(**number >= 0 && **number <= 1);
  }
  static_cast<void>(fields->time("since", 1'790'000'000'000));
  static_cast<void>(fields->flag("a"));
  static_cast<void>(fields->choice("a", kKnown));
}

void check_path(std::string_view path) {
  static const Router router = [] {
    Router made;
    const Handler none = [](const std::shared_ptr<Call>&) {};
    for (const char* known : {"/requests", "/requests/{id}", "/requests/{id}/client", "/"}) {
      made.add("GET", known, std::nullopt, none);
    }
    return made;
  }();
  const Router::Match match = router.match("GET", path);
  require((match.handler != nullptr) == !match.route.empty());
  require(match.parameter.find('/') == std::string_view::npos);
  router.hint(path);
  // What a record keeps holds nothing of a client's own.
  const std::string kept = router.recorded(path);
  for (std::string_view rest = kept; !rest.empty();) {
    rest.remove_prefix(1);
    const std::string_view segment = rest.substr(0, rest.find('/'));
    require(segment.empty() || segment == "*" || segment == "requests" || segment == "client" ||
            segment == "{id}");
    rest.remove_prefix(segment.size());
  }
}

}  // namespace
}  // namespace qaio

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = qaio::fuzz_text(data, size);
  qaio::check_query(text);
  qaio::check_path(text);
  return 0;
}
