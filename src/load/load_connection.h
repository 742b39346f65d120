// One connection of the load, kept open from request to request.
#pragma once

#include <array>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <chrono>
#include <optional>

#include "load/answer_reader.h"
#include "load/http_request.h"
#include "load/load_stream.h"
#include "load/workload.h"

namespace qaio {

class LoadConnection {
 public:
  LoadConnection(boost::asio::io_context& io, const Target& target, const Transport& transport,
                 std::chrono::nanoseconds timeout)
      : stream_(io, transport), target_(target), timeout_(timeout) {}

  // Connects if need be, sends, and follows the answer to its end. One at a time. A kept connection
  // that the server has closed meanwhile is opened anew, once.
  boost::asio::awaitable<RequestSample> exchange(LoadRequest load, TimeNs intended_ns,
                                                 Histogram* gaps);
  // Ends a running exchange at once; its sample is `abandoned`.
  void abandon();

 private:
  using Attempt = std::optional<Failure>;  // nullopt: the answer is complete and good

  boost::asio::awaitable<Attempt> attempt(PostRequest& request, AnswerReader& reader,
                                          RequestSample& sample);
  boost::asio::awaitable<Attempt> open(RequestSample& sample);
  boost::asio::awaitable<Attempt> read_answer(AnswerReader& reader);
  Failure failed(const boost::system::error_code& ec, std::string_view what) const;

  LoadStream stream_;
  boost::beast::flat_buffer buffer_;
  std::array<char, 16384> piece_;  // of an answer's body
  const Target& target_;
  std::chrono::nanoseconds timeout_;
  bool answered_ = false;  // the current attempt has received something
  bool abandoned_ = false;
};

}  // namespace qaio
