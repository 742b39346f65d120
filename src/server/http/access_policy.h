// Who may have a request answered, by its key: asked by the head alone, before the body is read.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "access/key_ring.h"
#include "server/http/exchange.h"
#include "server/http/router.h"

namespace qaio {

// The headers in which clients send a key; none: the request does not have it. What came several
// times stands with commas, which no key has.
struct Credentials {
  std::optional<std::string> authorization = {};
  std::optional<std::string> x_api_key = {};  // of Anthropic's clients
};

class AccessPolicy {
 public:
  // `keys`: null where nobody needs one. `preflights`: pages of other sites may ask by OPTIONS what
  // they may do, to which browsers add no key.
  AccessPolicy(std::shared_ptr<KeyRing> keys, bool preflights)
      : keys_(std::move(keys)), preflights_(preflights) {}

  // The refusal, whether the path leads anywhere or not: a stranger learns nothing of what there
  // is. Of a key that is known the exchange gets the ticket, its record the name; and who gets a
  // share is the key from then on.
  std::optional<HttpResponse> refuse(const Credentials& credentials, const Router::Match& match,
                                     Exchange& exchange) const;

 private:
  const std::shared_ptr<KeyRing> keys_;
  const bool preflights_;
};

}  // namespace qaio
