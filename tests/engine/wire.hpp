// How a test in one process uses an engine in another: a call is a message of fields, so is its answer.
#ifndef RFCTLS_TESTS_WIRE_HPP
#define RFCTLS_TESTS_WIRE_HPP

#include <cstdint>
#include <stdexcept>
#include <string>

#include "base/buffer.h"
#include "rfctls/raw.h"

namespace rfctls_test::wire {

enum class Call : int64_t {
  context_init,
  context_fini,
  conn_init,
  conn_fini,
  handshake,
  encrypt,
  decrypt,
  pending,
  close_notify,
  key_update,
  findings,
  answer_verify,
  answer_identity,
  facts,
  peer_chain
};

inline std::string text_of(rfctls__bytes bytes) {
  return {reinterpret_cast<const char *>(bytes.data), bytes.size};
}

inline rfctls__bytes bytes_of(const std::string &text) {
  return {reinterpret_cast<const uint8_t *>(text.data()), text.size()};
}

// Fields in the order in which they are put and taken: numbers, and texts with their size.
class Message {
 public:
  Message() = default;
  explicit Message(std::string content) : content_(std::move(content)) {}

  Message &put(int64_t number) {
    for (int i = 0; i < 8; i++) {
      content_ += static_cast<char>(static_cast<uint64_t>(number) >> (8 * i));
    }
    return *this;
  }
  Message &put(const std::string &text) {
    put(static_cast<int64_t>(text.size()));
    content_ += text;
    return *this;
  }
  Message &put(rfctls__bytes bytes) {
    return put(text_of(bytes));
  }
  // NULL comes back as NULL.
  Message &put_optional(const char *text) {
    put(int64_t{text != nullptr});
    return put(std::string(text != nullptr ? text : ""));
  }

  int64_t number() {
    uint64_t value = 0;
    std::string bytes = take(8);
    for (int i = 8; i-- > 0;) {
      value = value << 8 | static_cast<unsigned char>(bytes[static_cast<size_t>(i)]);
    }
    return static_cast<int64_t>(value);
  }
  template <typename Enum>
  Enum as() {
    return static_cast<Enum>(number());
  }
  std::string text() {
    return take(static_cast<size_t>(number()));
  }

  const std::string &content() const {
    return content_;
  }

 private:
  std::string take(size_t size) {
    if (size > content_.size() - at_) {
      throw std::runtime_error("a message of the other engine is too short");
    }
    at_ += size;
    return content_.substr(at_ - size, size);
  }

  std::string content_;
  size_t at_ = 0;
};

inline void send(rfctls_raw *raw, const Message &message) {
  std::string all = Message().put(message.content()).content();
  for (size_t done = 0, sent = 0; done < all.size(); done += sent) {
    if (rfctls_raw_send(raw, 0, all.data() + done, all.size() - done, &sent) != RFCTLS_OK) {
      throw std::runtime_error(std::string("the other engine: ") + rfctls_error_message());
    }
  }
}

// false: the other side has ended.
inline bool receive(rfctls_raw *raw, Message *out) {
  size_t received = 0;
  std::string head(8, '\0');
  if (rfctls_raw_recv(raw, RFCTLS_WAITALL, head.data(), head.size(), &received) != RFCTLS_OK ||
      received < head.size()) {
    return false;
  }
  std::string body(static_cast<size_t>(Message(head).number()), '\0');
  if (!body.empty() &&
      (rfctls_raw_recv(raw, RFCTLS_WAITALL, body.data(), body.size(), &received) != RFCTLS_OK ||
       received < body.size())) {
    return false;
  }
  *out = Message(std::move(body));
  return true;
}

}  // namespace rfctls_test::wire

#endif
