// For tests: a blocking HTTP client on a plain socket that can also misbehave.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace qaio {

struct ClientResponse {
  int status = 0;  // 0: the connection ended instead
  std::map<std::string, std::string> headers;
  std::string body;

  boost::json::object json() const {
    boost::system::error_code ec;
    const boost::json::value value = boost::json::parse(body, ec);
    EXPECT_FALSE(ec) << body;
    return value.is_object() ? value.get_object() : boost::json::object();
  }
  std::string error(std::string_view member) const {
    const boost::json::object answer = json();
    const auto* error = answer.if_contains("error");
    if (error == nullptr) return "no error";
    const auto* value = error->as_object().if_contains(member);
    return value == nullptr ? "" : std::string(value->as_string());
  }
};

class TestClient {
 public:
  explicit TestClient(uint16_t port, int receive_buffer_bytes = 0)
      : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    if (receive_buffer_bytes > 0) {
      setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes,
                 sizeof(receive_buffer_bytes));
    }
    const timeval timeout{.tv_sec = 30, .tv_usec = 0};
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
    setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  }
  ~TestClient() { close(); }
  TestClient(const TestClient&) = delete;
  TestClient& operator=(const TestClient&) = delete;

  void close() {
    if (socket_ >= 0) ::close(socket_);
    socket_ = -1;
  }

  // The server reads the end of the stream; answers can still be read.
  void close_sending() const { ::shutdown(socket_, SHUT_WR); }

  // False if the server closed the connection.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
  }

  // One more piece of what the server sends; empty at the end of the connection.
  std::string receive() {
    char bytes[16384];
    const ssize_t received = ::recv(socket_, bytes, sizeof(bytes), 0);
    return received <= 0 ? std::string() : std::string(bytes, static_cast<size_t>(received));
  }

  // What comes until the server closes the connection.
  std::string rest() {
    while (fill()) {
    }
    return std::exchange(buffer_, {});
  }

  ClientResponse read(bool head_only = false) {
    ClientResponse response;
    if (!fill_until("\r\n\r\n")) return response;
    const size_t end = buffer_.find("\r\n\r\n");
    std::string head = buffer_.substr(0, end + 2);
    buffer_.erase(0, end + 4);
    response.status = std::stoi(head.substr(9, 3));
    for (size_t at = head.find("\r\n") + 2; at < head.size();) {
      const size_t line_end = head.find("\r\n", at);
      const size_t colon = head.find(": ", at);
      response.headers[head.substr(at, colon - at)] = head.substr(colon + 2, line_end - colon - 2);
      at = line_end + 2;
    }
    if (head_only || response.status == 100 || response.status == 204) return response;
    if (response.headers.contains("Transfer-Encoding")) {
      response.body = read_chunks();
    } else {
      const size_t length = std::stoul(response.headers.at("Content-Length"));
      while (buffer_.size() < length && fill()) {
      }
      response.body = buffer_.substr(0, length);
      buffer_.erase(0, length);
    }
    return response;
  }

  ClientResponse request(std::string_view method, std::string_view path, std::string_view body = {},
                         std::string_view headers = {}) {
    send(text(method, path, body, headers));
    return read(method == "HEAD");
  }
  ClientResponse get(std::string_view path) { return request("GET", path); }
  ClientResponse post(std::string_view path, std::string_view body) {
    return request("POST", path, body);
  }

  static std::string text(std::string_view method, std::string_view path, std::string_view body,
                          std::string_view headers = {}) {
    std::string out;
    out.append(method).append(" ").append(path).append(" HTTP/1.1\r\nHost: localhost\r\n");
    out.append(headers);
    if (!body.empty() || method == "POST") {
      out.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n");
    }
    out.append("\r\n").append(body);
    return out;
  }

 private:
  bool fill() {
    const std::string more = receive();
    buffer_ += more;
    return !more.empty();
  }
  bool fill_until(std::string_view mark) {
    while (buffer_.find(mark) == std::string::npos) {
      if (!fill()) return false;
    }
    return true;
  }
  std::string read_chunks() {
    std::string body;
    for (;;) {
      if (!fill_until("\r\n")) return body;
      const size_t size = std::stoul(buffer_, nullptr, 16);
      buffer_.erase(0, buffer_.find("\r\n") + 2);
      while (buffer_.size() < size + 2 && fill()) {
      }
      body += buffer_.substr(0, size);
      buffer_.erase(0, size + 2);
      if (size == 0) return body;
    }
  }

  int socket_;
  std::string buffer_;
};

}  // namespace qaio
