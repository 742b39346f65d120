// Who gets in where, with all routes of the server.
#include <vector>

#include "access/keys_for_test.h"
#include "server/observe/observe_fixture_for_test.h"

namespace qaio {
namespace {

class AccessTest : public ObserveFixture {
 protected:
  void start_with(const std::vector<ApiKey>& keys) {
    options_.keys = keys_ = std::make_shared<KeyRing>(keys);
    add_routes_ = [this](Router& router) { routes_ = router.routes(); };
    start_observed();
  }
  // A path that the route takes.
  static std::string path_of(const Router::Route& route) {
    const size_t open = route.path.find('{');
    if (open == std::string::npos) return route.path;
    return route.path.substr(0, open) + "x" + route.path.substr(route.path.find('}') + 1);
  }
  ClientResponse ask(const Router::Route& route, const std::string& headers) {
    return client().request(route.method, path_of(route), route.method == "POST" ? "{}" : "",
                            headers);
  }
  static std::string bearer(const KnownKey& key) {
    return "Authorization: Bearer " + key.text + "\r\n";
  }

  std::shared_ptr<KeyRing> keys_;
  std::vector<Router::Route> routes_;
};

TEST_F(AccessTest, EveryRouteAsksForAKey) {
  std::vector<KnownKey> keys;
  for (const Scope scope : {Scope::kRun, Scope::kRead, Scope::kMetrics, Scope::kAdmin})
    keys.push_back(known_key(std::string(scope_name(scope)), {scope}));
  start_with({keys[0].key, keys[1].key, keys[2].key, keys[3].key});
  std::vector<std::string> open;
  for (const Router::Route& route : routes_) {
    SCOPED_TRACE(route.method + " " + route.path);
    if (!route.scope) {
      open.push_back(route.path);
      EXPECT_NE(ask(route, "").status, 401);
      continue;
    }
    const ClientResponse refused = ask(route, "");
    EXPECT_EQ(refused.status, 401);
    EXPECT_EQ(refused.error("code"), "missing_api_key");
    EXPECT_EQ(refused.error("type"), "authentication_error");
    if (route.path == "/live/events") continue;  // has no end
    for (const KnownKey& key : keys) {
      const ClientResponse answer = ask(route, bearer(key));
      const bool may = key.key.scopes.allows(*route.scope);
      // Client times have a 403 of their own.
      EXPECT_EQ(answer.status == 403 && answer.error("code") == "missing_scope", !may)
          << key.key.name << " " << answer.status;
      EXPECT_NE(answer.status, 401) << key.key.name;
    }
  }
  EXPECT_THAT(open, testing::UnorderedElementsAre("/health", "/health/live", "/health/ready"));
  EXPECT_GT(routes_.size(), 20u);
}

TEST_F(AccessTest, AClientThatAsksAgainAtOnceFindsItsPlaceFree) {
  const KnownKey key = known_key("a", {Scope::kRun}, {.requests_max = 1});
  start_with({key.key});
  for (int i = 0; i < 100; ++i) {
    const ClientResponse answer =
        client().request("POST", "/chat", R"({"input":"hello"})", bearer(key));
    ASSERT_EQ(answer.status, 200) << answer.body;
  }
  EXPECT_EQ(keys_->figures().keys[0].running, 0u);
}

// Whatever becomes of a request, its place is another's afterwards.
TEST_F(AccessTest, NoPlaceIsLost) {
  const KnownKey key = known_key("a", {Scope::kRun}, {.requests_max = 2});
  start_with({key.key});
  const std::string header = bearer(key);
  for (int i = 0; i < 5; ++i) {
    TestClient gone(server_->port());  // in the middle of its body
    gone.send("POST /chat HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n" + header +
              "\r\n{");
    wait_until([&] { return keys_->figures().keys[0].running == 1; });
    gone.close();
    wait_until([&] { return keys_->figures().keys[0].running == 0; });
    EXPECT_EQ(client().request("POST", "/chat", "{", header).status, 400);
    EXPECT_EQ(client().request("POST", "/v1/tasks/x", "{}", header).status, 404);
    EXPECT_EQ(client().request("POST", "/chat", "", header + "Transfer-Encoding: x\r\n").status,
              400);
  }
  EXPECT_EQ(client().request("POST", "/chat", R"({"input":"hello"})", header).status, 200);
  wait_until([&] { return keys_->figures().keys[0].running == 0; });
}

}  // namespace
}  // namespace qaio
