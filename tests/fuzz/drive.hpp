// A whole session by the input's orders: the before end's verbs in any order, and what the peer sends to it
// whole, in pieces, changed, mixed with other bytes, or not at all. The before end is over memory, or over a
// real socket where it may wait a millisecond.
//
// The first byte: 1 TLS 1.2, 2 a real socket, 4 questions are asked, 8 the peer is silent, 16 TCP may end early.
// Then orders, a byte each (by its lower four bits, see Order), most of them with a byte for how much.
//
// Whatever happens, what is received is the beginning of what the peer has sent.
#ifndef RFCTLS_TESTS_FUZZ_DRIVE_HPP
#define RFCTLS_TESTS_FUZZ_DRIVE_HPP

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fuzz/input.hpp"

namespace rfctls_test::fuzz {

enum Flag { OLD = 1, REAL = 2, ASKED = 4, SILENT = 8, RUDE = 16 };

enum Order {
  DELIVER,          // all that the peer has for us
  DELIVER_SOME,     // so many bytes of it
  DELIVER_CHANGED,  // all of it, with the byte at a place changed by a mask
  INJECT,           // so many bytes of the input
  LOSE,             // all of it; with 16: nothing of ours is taken any more, or again
  HANDSHAKE,
  SEND,
  RECV,
  PEEK,
  UPDATE,
  SHUTDOWN,  // how
  CLOSE,
  PEER_SENDS,
  PEER_DOES,  // by its byte: new keys, its goodbye
  END,        // of TCP; with 16: in both directions
  ANSWER      // by its byte: a question, or what is not a verb
};

// Where the before end's bytes come from and go to.
class Link {
 public:
  virtual ~Link() = default;
  virtual void feed(const std::string &bytes) = 0;
  virtual void end() = 0;
  // As end, and what the before end sends from here on fails, where there is a system to say so.
  virtual void break_off() = 0;
  virtual std::string drain() = 0;
  Raw raw;
};

class Memory : public Link {
 public:
  Memory() {
    must(rfctls_raw_memory(out(raw)) == RFCTLS_OK, "memory");
  }
  void feed(const std::string &bytes) override {
    (void)rfctls_raw_feed(raw.get(), bytes.data(), bytes.size());
  }
  void end() override {
    (void)rfctls_raw_feed_end(raw.get());
  }
  void break_off() override {
    end();
  }
  std::string drain() override {
    std::string all, buffer(16384, '\0');
    size_t count = 0;
    while (rfctls_raw_drain(raw.get(), buffer.data(), buffer.size(), &count) == RFCTLS_OK &&
           count > 0) {
      all.append(buffer, 0, count);
    }
    return all;
  }
};

class Pair : public Link {
 public:
  Pair() {
    int ends[2];
    must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0, "a pair");
    far_ = ends[1];
    int small = 1;
    (void)setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
    must(rfctls_raw_adopt(ends[0], 1, out(raw)) == RFCTLS_OK, "a transport");
  }
  ~Pair() override {
    close(far_);
  }
  void feed(const std::string &bytes) override {
    (void)!send(far_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  }
  void end() override {
    shutdown(far_, SHUT_WR);
  }
  void break_off() override {
    shutdown(far_, SHUT_RDWR);
  }
  std::string drain() override {
    std::string all, buffer(16384, '\0');
    ssize_t count;
    while ((count = recv(far_, buffer.data(), buffer.size(), 0)) > 0) {
      all.append(buffer, 0, static_cast<size_t>(count));
    }
    return all;
  }

 private:
  int far_;
};

// Made once: an identity, which both ends show and trust.
struct Own {
  Chain chain;
  Key key;

  Own() {
    must(rfctls_identity_self_signed("server.test", out(chain), out(key)) == RFCTLS_OK, "identity");
  }
};

inline Config make_config(rfctls_role role, unsigned flags, bool before) {
  static const Own own;
  Config config;
  rfctls_tls_version version = (flags & OLD) != 0 ? RFCTLS_TLS_1_2 : RFCTLS_TLS_1_3;
  rfctls_config *c = nullptr;
  must(rfctls_config_new(role, out(config)) == RFCTLS_OK, "a config");
  c = config.get();
  must(rfctls_config_set_versions(c, version, version) == RFCTLS_OK, "a version");
  must(rfctls_config_set_identity(c, own.chain.get(), own.key.get()) == RFCTLS_OK, "an identity");
  must(rfctls_config_add_authority(c, rfctls_chain_at(own.chain.get(), 0)) == RFCTLS_OK, "trust");
  must(rfctls_config_set_system_trust(c, 0) == RFCTLS_OK, "trust");
  must(rfctls_config_add_protocol(c, "echo") == RFCTLS_OK, "a protocol");
  if (role == RFCTLS_CLIENT) {
    must(rfctls_config_set_server_name(c, "server.test") == RFCTLS_OK, "a name");
  }
  if (!before) {
    return config;
  }
  if ((flags & ASKED) != 0) {
    must(rfctls_config_set_asking(c, 1, 1) == RFCTLS_OK, "questions");
  }
  must(rfctls_config_set_allow_truncation(c, (flags & RUDE) != 0) == RFCTLS_OK, "rudeness");
  for (rfctls_timer timer :
       {RFCTLS_TIMER_HANDSHAKE, RFCTLS_TIMER_READ, RFCTLS_TIMER_WRITE, RFCTLS_TIMER_CLOSE}) {
    must(rfctls_config_set_timeout(c, timer, (flags & REAL) != 0 ? 1 : 1000) == RFCTLS_OK, "timer");
  }
  return config;
}

// Made once a kind.
inline const Config &config_of(rfctls_role role, unsigned flags, bool before) {
  static Config all[2][32][2];
  Config &config = all[role - 1][flags % 32][before];
  if (!config) {
    config = make_config(role, flags, before);
  }
  return config;
}

class Drive {
 public:
  Drive(rfctls_role role, Input &input) : input_(input), flags_(input.byte()) {
    rfctls_role other = role == RFCTLS_CLIENT ? RFCTLS_SERVER : RFCTLS_CLIENT;
    if ((flags_ & REAL) != 0) {
      link_ = std::make_unique<Pair>();
    } else {
      link_ = std::make_unique<Memory>();
    }
    must(rfctls_socket_wrap(link_->raw.get(), config_of(role, flags_, true).get(), out(socket_)) ==
             RFCTLS_OK,
         "a socket");
    must(rfctls_raw_memory(out(peer_raw_)) == RFCTLS_OK, "memory");
    must(rfctls_socket_wrap(peer_raw_.get(), config_of(other, flags_ & OLD, false).get(),
                            out(peer_)) == RFCTLS_OK,
         "a peer");
  }

  void run() {
    for (int orders = 0; !input_.empty() && orders < 200; orders++) {
      obey(input_.byte());
      hear_peer();
    }
    answered(rfctls_socket_close(socket_.get()));
    (void)link_->drain();
    answered(rfctls_socket_close(socket_.get()));
    must(rfctls_socket_is_closed(socket_.get()) != 0, "closed is closed");
  }

 private:
  void obey(unsigned order) {
    rfctls_socket *s = socket_.get();
    switch (static_cast<Order>(order % 16)) {
    case DELIVER: link_->feed(take(std::string::npos)); break;
    case DELIVER_SOME: link_->feed(take(input_.byte() + 1)); break;
    case DELIVER_CHANGED: link_->feed(changed(take(std::string::npos))); break;
    case INJECT: link_->feed(input_.bytes(input_.byte() + 1)); break;
    case LOSE:
      (order & 16) != 0 ? (void)(jammed_ = !jammed_) : (void)take(std::string::npos);
      break;
    case HANDSHAKE: answered(rfctls_socket_handshake(s)); break;
    case SEND: send(); break;
    case RECV: receive((order & 16) != 0 ? RFCTLS_WAITALL : 0); break;
    case PEEK: receive(RFCTLS_PEEK); break;
    case UPDATE: answered(rfctls_socket_key_update(s)); break;
    case SHUTDOWN: shut(); break;
    case CLOSE: answered(rfctls_socket_close(s)); break;
    case PEER_SENDS: peer_sends(input_.byte() * ((order & 16) != 0 ? 300u : 1u)); break;
    case PEER_DOES: peer_does(); break;
    case END: (order & 16) != 0 ? link_->break_off() : link_->end(); break;
    case ANSWER: answer(); break;
    }
  }

  void send() {
    std::string text(input_.byte() * 40, 's');
    size_t sent = 0;
    rfctls_status status = rfctls_socket_send(socket_.get(), 0, text.data(), text.size(), &sent);
    answered(status);
    must(sent <= text.size() && (status <= 0 || sent == 0), "what was sent is counted");
  }

  void receive(uint32_t flags) {
    char buffer[4096];
    size_t size = input_.byte() * 16, count = 0;
    rfctls_status status = rfctls_socket_recv(socket_.get(), flags, buffer, size, &count);
    answered(status);
    must(count <= size && (status == RFCTLS_OK || count == 0), "what was received is counted");
    must(count <= said_.size() - heard_ && said_.compare(heard_, count, buffer, count) == 0,
         "what is received is what the peer has sent");
    heard_ += flags == RFCTLS_PEEK || shut_ ? 0 : count;
    if (status == RFCTLS_OK && count == 0 && size > 0 && flags != RFCTLS_PEEK && !shut_ &&
        (flags_ & RUDE) == 0) {
      must(heard_ == said_.size() && peer_shut_, "a polite end is the peer's");
    }
  }

  void shut() {
    rfctls_how how = static_cast<rfctls_how>(input_.byte() % 4);
    rfctls_status status = answered(rfctls_socket_shutdown(socket_.get(), how));
    shut_ |= how != RFCTLS_SHUT_WRITE && status == RFCTLS_OK;
  }

  void peer_sends(size_t size) {
    std::string text(size, '\0');
    size_t sent = 0;
    for (size_t i = 0; i < size; i++) {
      text[i] = static_cast<char>((said_.size() + i) * 31 >> 3);
    }
    (void)rfctls_socket_send(peer_.get(), 0, text.data(), size, &sent);
    said_ += text.substr(0, sent);
  }

  void peer_does() {
    switch (input_.byte() % 3) {
    case 0: (void)rfctls_socket_key_update(peer_.get()); break;
    case 1:
      peer_shut_ |= rfctls_socket_shutdown(peer_.get(), RFCTLS_SHUT_WRITE) == RFCTLS_OK;
      break;
    default: peer_shut_ |= rfctls_socket_close(peer_.get()) == RFCTLS_OK; break;
    }
  }

  void answer() {
    rfctls_socket *s = socket_.get();
    switch (input_.byte() % 6) {
    case 0: answered(rfctls_socket_answer_verify(s, 1)); break;
    case 1: answered(rfctls_socket_answer_verify(s, 0)); break;
    case 2: answered(rfctls_socket_answer_identity(s, nullptr, nullptr)); break;
    case 3: answered(rfctls_socket_wait(s, RFCTLS_WANT_READ, 0)); break;
    case 4: answered(rfctls_socket_set_blocking(s, 0)); break;
    default:
      for (size_t i = 0; i < rfctls_socket_finding_count(s); i++) {
        (void)rfctls_socket_finding_text(s, i);
        (void)rfctls_socket_finding_cert(s, i);
      }
      (void)rfctls_socket_peer_chain(s);
      (void)rfctls_socket_pending(s);
      (void)rfctls_socket_cipher(s);
      break;
    }
  }

  // What the peer has for us.
  std::string take(size_t most) {
    std::string taken = pending_.substr(0, most);
    pending_.erase(0, taken.size());
    return taken;
  }

  std::string changed(std::string bytes) {
    size_t at = input_.two_bytes();
    if (!bytes.empty()) {
      char &byte = bytes[at % bytes.size()];
      byte = static_cast<char>(static_cast<unsigned char>(byte) ^ input_.byte());
    }
    return bytes;
  }

  // The peer gets all of ours, and answers as it does.
  void hear_peer() {
    std::string ours = jammed_ ? "" : link_->drain(), buffer(16384, '\0');
    size_t count = 0;
    if ((flags_ & SILENT) != 0) {
      return;
    }
    (void)rfctls_raw_feed(peer_raw_.get(), ours.data(), ours.size());
    if (rfctls_socket_tls_version(peer_.get()) == RFCTLS_TLS_ANY) {
      (void)rfctls_socket_handshake(peer_.get());
    }
    while (rfctls_socket_recv(peer_.get(), 0, buffer.data(), buffer.size(), &count) == RFCTLS_OK &&
           count > 0) {
    }
    while (rfctls_raw_drain(peer_raw_.get(), buffer.data(), buffer.size(), &count) == RFCTLS_OK &&
           count > 0) {
      pending_.append(buffer, 0, count);
    }
  }

  Input &input_;
  unsigned flags_;
  std::unique_ptr<Link> link_;
  Socket socket_, peer_;
  Raw peer_raw_;
  std::string pending_, said_;
  size_t heard_ = 0;
  bool shut_ = false, peer_shut_ = false, jammed_ = false;
};

}  // namespace rfctls_test::fuzz

#endif
