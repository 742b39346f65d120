// A request as Beast writes it.
#pragma once

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <string>

#include "load/target.h"

namespace qaio {

using PostRequest = boost::beast::http::request<boost::beast::http::string_body>;

// POST `body` as JSON to the full path `path`.
PostRequest http_request(const Target& target, const std::string& path, std::string body);

}  // namespace qaio
