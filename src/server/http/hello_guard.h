// Keeps a client of TLS from having memory set aside for a first message that it only announces.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace qaio {

// OpenSSL makes room for as much as the head of a ClientHello says it has, up to 128 KiB, once it
// has seen that head, and there may be two of them, the second one after a HelloRetryRequest.
// Clients that mean it need two KiB or three, in one record. Reads along what a client sends in the
// clear.
class HelloGuard {
 public:
  // What the server knows when the bytes come.
  struct Progress {
    bool answered = false;  // it has written something
    bool tls_1_3 = false;   // and it is TLS 1.3, where a hello may follow a ChangeCipherSpec
  };
  // False: the connection should end.
  bool take(std::span<const unsigned char> bytes, Progress progress) {
    for (size_t i = 0; i < bytes.size() && in_the_clear_; ++i) {
      if (head_size_ < kHeadBytes) {
        head_[head_size_++] = bytes[i];
        if (head_size_ == kHeadBytes) begin_record(progress);
      } else {
        if (message_size_ < message_.size()) message_[message_size_++] = bytes[i];
        --left_;
      }
      if (head_size_ < kHeadBytes || left_ > 0) continue;
      if (is_too_large_hello()) return false;
      head_size_ = 0;
    }
    return !in_the_clear_ || head_size_ < kHeadBytes || !is_too_large_hello();
  }

 private:
  static constexpr size_t kHeadBytes = 5;  // of a record: type, version, length
  static constexpr size_t kHelloBytesMax = 16 << 10;
  enum Type : uint8_t { kChangeCipherSpec = 20, kHandshake = 22, kApplicationData = 23 };
  static constexpr unsigned char kClientHello = 1;

  void begin_record(Progress progress) {
    left_ = static_cast<size_t>(head_[3]) << 8 | head_[4];
    message_size_ = 0;
    const bool keys_in_use =
        head_[0] == kChangeCipherSpec && progress.answered && !progress.tls_1_3;
    in_the_clear_ = head_[0] != kApplicationData && !keys_in_use;
  }

  // A head that is cut in two by a record's end is nobody's who means well.
  bool is_too_large_hello() const {
    if (head_[0] != kHandshake || message_size_ == 0 || message_[0] != kClientHello) return false;
    if (message_size_ < message_.size()) return left_ == 0;
    const size_t bytes = static_cast<size_t>(message_[1]) << 16 |
                         static_cast<size_t>(message_[2]) << 8 | message_[3];
    return bytes > kHelloBytesMax;
  }

  bool in_the_clear_ = true;
  std::array<unsigned char, kHeadBytes> head_{};
  size_t head_size_ = 0;
  size_t left_ = 0;                         // of the record
  std::array<unsigned char, 4> message_{};  // the first bytes of the record: type and length
  size_t message_size_ = 0;
};

}  // namespace qaio
