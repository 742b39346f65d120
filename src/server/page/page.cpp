#include "server/page/page.h"

#include <algorithm>
#include <cctype>
#include <string>
#include <string_view>

#include "server/page/page_assets.h"

namespace qaio {
namespace {

// Nothing but this server's own files runs, is shown, or is asked for; no page frames this one.
constexpr std::string_view kContentPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

constexpr std::string_view kWithoutPage = R"(<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Qwen All-in-One</title>
<h1>Qwen All-in-One is running</h1>
<p>This program was built without its page: Node.js 18 or later and npm were missing then.
Install them (<code>apt install nodejs npm</code>) and build again, from a new build folder or after
<code>cmake --preset release</code>. Everything else works: <a href="/health">/health</a>,
<a href="/report">/report</a>, <a href="/stats">/stats</a>, POST /chat.</p>
<p lang="zh-CN">本程序编译时没有 Node.js 18(或更高版本)和 npm,因此不含网页。安装后重新编译即可;其他功能不受影响。</p>
</html>
)";

// Whether a list as "gzip, deflate;q=0.5, br" takes gzip. Letter case does not matter.
bool takes_gzip(std::string header) {
  std::ranges::transform(header, header.begin(), [](unsigned char c) { return std::tolower(c); });
  std::string_view accepted = header;
  bool any = false;  // what "*" says of those that have no name of their own
  while (!accepted.empty()) {
    std::string_view one = accepted.substr(0, accepted.find(','));
    accepted.remove_prefix(std::min(one.size() + 1, accepted.size()));
    one.remove_prefix(std::min(one.find_first_not_of(" \t"), one.size()));
    const std::string_view name = one.substr(0, one.find_first_of("; \t"));
    if (name != "gzip" && name != "*") continue;
    const size_t quality = one.find("q=");
    const bool taken = quality == std::string_view::npos ||
                       one.substr(quality + 2).find_first_of("123456789") != std::string_view::npos;
    if (name == "gzip") return taken;
    any = taken;
  }
  return any;
}

// If-None-Match: a list of tags, weak or not, or "*".
bool matches(std::string_view tags, std::string_view etag) {
  return tags == "*" || tags.find(etag) != std::string_view::npos;
}

HttpResponse html_response(std::string_view html) {
  HttpResponse response;
  response.content_type = "text/html; charset=utf-8";
  response.body = html;
  return response;
}

HttpResponse asset_response(const PageAsset& asset, const HttpRequest& request) {
  HttpResponse response;
  response.content_type = asset.content_type;
  response.headers = {
      // Weak: compressed and plain bytes are the same file.
      {"ETag", "W/" + std::string(asset.etag)},
      // A file of another content has another name, but for the page itself.
      {"Cache-Control", asset.path == "/" ? "no-cache" : "public, max-age=31536000, immutable"},
      {"Vary", "Accept-Encoding"},
      {"X-Content-Type-Options", "nosniff"}};
  if (asset.path == "/") {
    response.headers.push_back({"Content-Security-Policy", std::string(kContentPolicy)});
    response.headers.push_back({"Referrer-Policy", "no-referrer"});
    // Alone in its process a page gets clocks of 5 us instead of 100.
    response.headers.push_back({"Cross-Origin-Opener-Policy", "same-origin"});
    response.headers.push_back({"Cross-Origin-Embedder-Policy", "require-corp"});
  }
  if (matches(request.if_none_match, asset.etag)) {
    response.status = 304;
    return response;
  }
  const bool gzip = takes_gzip(request.accept_encoding);
  if (gzip) response.headers.push_back({"Content-Encoding", "gzip"});
  response.body = gzip ? asset.gzip.view() : asset.plain.view();
  return response;
}

void show_file(const std::shared_ptr<Call>& call) {
  const auto assets = page_assets();
  const auto asset = std::ranges::find(assets, call->request().path, &PageAsset::path);
  if (asset != assets.end()) return call->respond(asset_response(*asset, call->request()));
  if (call->request().path == "/") return call->respond(html_response(kWithoutPage));
  call->respond(error_response(404, error_code_name(ErrorCode::kNotFound),
                               "the page has no such file; load / again"));
}

}  // namespace

void add_page(Router& router) {
  router.add("GET", "/", kPublic, show_file);
  router.add("GET", "/assets/{name}", kPublic, show_file);
}

}  // namespace qaio
