// libFuzzer: any bytes as headers of proxies. Whatever a client sends, who the proxy says it is
// counts.
#include <string>

#include "base/fuzz_for_test.h"
#include "server/http/trusted_proxies.h"

namespace qaio {
namespace {

const std::string kPeer = "127.0.0.1";
const std::string kClient = "203.0.113.9";

void check(const TrustedProxies& proxies, const std::string& text) {
  require(proxies.caller("192.0.2.1", {{text}, {text}, {text}}).client == "192.0.2.1");
  require(!proxies.caller(kPeer, {{text}, {text}, {text}}).client.empty());
  // The proxy adds to the client's list, or a header of its own.
  require(proxies.caller(kPeer, {.x_forwarded_for = {text + ", " + kClient}}).client == kClient);
  require(proxies.caller(kPeer, {.x_forwarded_for = {text, kClient}}).client == kClient);
  require(proxies.caller(kPeer, {.forwarded = {text, "for=" + kClient}}).client == kClient);
  // To a client's Forwarded, whose quotes may be open, it adds in vain at worst.
  for (const std::string& added : {", for=" + kClient, ", for=\"" + kClient + ":80\"",
                                   ";by=_x, for=\"" + kClient + "\";by=_x"}) {
    const Caller caller = proxies.caller(kPeer, {.forwarded = {text + added}});
    require(caller.client == kClient || caller.client == kPeer);
  }
}

}  // namespace
}  // namespace qaio

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto proxies = qaio::TrustedProxies::parse({"127.0.0.1", "10.0.0.0/8", "unix"});
  const std::string text(qaio::fuzz_text(data, size));
  qaio::check(*proxies, text);
  (void)qaio::TrustedProxies::parse({text});
  return 0;
}
