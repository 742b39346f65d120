#include "server/http/router.h"

#include <gtest/gtest.h>

namespace qaio {
namespace {

class RouterTest : public testing::Test {
 protected:
  RouterTest() {
    const auto nothing = [](const std::shared_ptr<Call>&) {};
    router_.add("GET", "/things", Scope::kRead, nothing);
    router_.add("GET", "/things/{id}", Scope::kRead, nothing);
    router_.add("POST", "/things/{id}/part", Scope::kRead, nothing);
  }
  // "ROUTE PARAMETER"
  std::string match(std::string_view method, std::string_view path) {
    const Router::Match match = router_.match(method, path);
    return std::string(match.route) + " " + std::string(match.parameter) +
           (match.handler == nullptr ? " none" : "");
  }
  Router router_;
};

TEST_F(RouterTest, ANameStandsForOneSegmentWhereverItIs) {
  EXPECT_EQ(match("GET", "/things"), "/things ");
  EXPECT_EQ(match("HEAD", "/things/a"), "/things/{id} a");
  EXPECT_EQ(match("POST", "/things/a/part"), "/things/{id}/part a");
  EXPECT_EQ(match("POST", "/things/part/part"), "/things/{id}/part part");
  EXPECT_EQ(match("GET", "/things/%2F"), "/things/{id} %2F");
  EXPECT_EQ(match("GET", "/things/"), "  none");
  EXPECT_EQ(match("POST", "/things//part"), "  none");
  EXPECT_EQ(match("POST", "/things/part"), "/things/{id} part none");
  EXPECT_EQ(match("POST", "/things/a/b/part"), "  none");
  EXPECT_EQ(match("POST", "/things/a/parts"), "  none");
  EXPECT_EQ(match("POST", "/things/a/part/"), "  none");
  EXPECT_EQ(router_.match("GET", "/things/a/part").allow, "POST");
}

TEST_F(RouterTest, RecordsNameTheRoute) {
  EXPECT_EQ(router_.recorded("/things/secret/part"), "/things/{id}/part");
  EXPECT_EQ(router_.recorded("/things/secret/part/more"), "/things/*/part/*");
}

}  // namespace
}  // namespace qaio
