// The engine of another process: see remote.hpp. Its contexts and connections are numbers here.
#include "engine/remote.hpp"

#include <cstdlib>
#include <cstring>
#include <vector>

#include "base/alloc.h"
#include "base/error.h"
#include "engine/wire.hpp"
#include "support/handles.hpp"

using rfctls_test::wire::bytes_of;
using rfctls_test::wire::Call;
using rfctls_test::wire::Message;

// What the linked engine keeps there is not looked at.
struct rfctls__context {
  int64_t number;
};

struct rfctls__conn {
  int64_t number;
  struct Told *told;
};

// What is borrowed from a connection.
struct Told {
  std::vector<std::string> texts;
  std::vector<rfctls__finding> findings;
};

namespace rfctls_test {
namespace {

void require(rfctls_status status) {
  if (status != RFCTLS_OK) {
    throw std::runtime_error(std::string("no engine_host: ") + rfctls_error_message());
  }
}

Raw connect() {
  const char *port = std::getenv("RFCTLS_TEST_REMOTE_PORT");
  Raw raw;
  require(rfctls_raw_connect("127.0.0.1", port != nullptr ? port : "", RFCTLS_FAMILY_ANY, 1, 10000,
                             out(raw)));
  return raw;
}

rfctls_raw *connection() {
  static Raw raw = connect();
  return raw.get();
}

Message ask(const Message &question) {
  rfctls__error before;
  Message answer;
  rfctls__error_save(&before);
  wire::send(connection(), question);
  if (!wire::receive(connection(), &answer)) {
    throw std::runtime_error("the other engine has ended");
  }
  (void)rfctls__error_restore(&before);
  return answer;
}

Message call(Call which, int64_t number) {
  return Message().put(static_cast<int64_t>(which)).put(number);
}

// The error record becomes the one of the other process.
rfctls_status ended(Message &answer) {
  auto status = answer.as<rfctls_status>();
  rfctls__error error{};
  error.status = status;
  error.alert = static_cast<int>(answer.number());
  error.depth = static_cast<int>(answer.number());
  error.reason = answer.as<rfctls_reason>();
  error.engine_code = answer.number();
  std::string message = answer.text();
  if (status < 0) {
    error.origin = "";
    strncpy(error.message, message.c_str(), sizeof error.message - 1);
    return rfctls__error_restore(&error);
  }
  return status;
}

void put_identity(Message &question, const rfctls__identity &identity) {
  question.put(static_cast<int64_t>(identity.count));
  for (size_t i = 0; i < identity.count; i++) {
    question.put(identity.chain[i]);
  }
  question.put(identity.key);
}

rfctls_status context_init(rfctls__context *context, const rfctls__settings *settings) {
  Message question = call(Call::context_init, 0);
  question.put(settings->role).put(settings->min_version).put(settings->max_version);
  put_identity(question, settings->identity);
  question.put(static_cast<int64_t>(settings->authority_count));
  for (size_t i = 0; i < settings->authority_count; i++) {
    question.put(settings->authorities[i]);
  }
  question.put(settings->system_trust).put(settings->partial_chain);
  question.put(settings->peer_cert).put(settings->skip_verify).put(settings->protocols);
  Message answer = ask(question.put(settings->resumption));
  context->number = answer.number();
  return ended(answer);
}

void context_fini(rfctls__context *context) {
  if (context->number != 0) {
    ask(call(Call::context_fini, context->number));
  }
}

rfctls_status conn_init(rfctls__conn *conn, rfctls__context *context,
                        const rfctls__opening *opening) {
  Message question = call(Call::conn_init, context->number);
  question.put_optional(opening->server_name).put(opening->name_is_ip).put(opening->check_name);
  question.put(opening->ask_verify).put(opening->ask_identity).put(opening->protocols);
  Message answer = ask(question);
  conn->told = new Told;
  conn->number = answer.number();
  return ended(answer);
}

void conn_fini(rfctls__conn *conn, int failed) {
  if (conn->number != 0) {
    ask(call(Call::conn_fini, conn->number).put(failed));
  }
  delete conn->told;
}

// What is left of `in` and what came into `out`.
rfctls_status exchanged(Message &answer, rfctls__buffer *in, rfctls__buffer *out) {
  rfctls_status status = ended(answer);
  rfctls__buffer_consume(in, rfctls__buffer_size(in) - static_cast<size_t>(answer.number()));
  std::string made = answer.text();
  if (rfctls__buffer_append(out, made.data(), made.size()) != RFCTLS_OK) {
    throw std::bad_alloc();
  }
  return status;
}

rfctls_status plain_call(Call which, rfctls__conn *conn, rfctls__buffer *in, rfctls__buffer *out) {
  Message answer = ask(call(which, conn->number).put(rfctls__buffer_bytes(in)));
  return exchanged(answer, in, out);
}

rfctls_status handshake(rfctls__conn *conn, rfctls__buffer *in, rfctls__buffer *out) {
  return plain_call(Call::handshake, conn, in, out);
}

rfctls_status close_notify(rfctls__conn *conn, rfctls__buffer *in, rfctls__buffer *out) {
  return plain_call(Call::close_notify, conn, in, out);
}

rfctls_status key_update(rfctls__conn *conn, rfctls__buffer *in, rfctls__buffer *out) {
  return plain_call(Call::key_update, conn, in, out);
}

rfctls_status encrypt(rfctls__conn *conn, const void *data, size_t size, size_t *taken,
                      rfctls__buffer *in, rfctls__buffer *out) {
  Message answer = ask(call(Call::encrypt, conn->number)
                           .put(rfctls__buffer_bytes(in))
                           .put(rfctls__bytes{static_cast<const uint8_t *>(data), size}));
  rfctls_status status = exchanged(answer, in, out);
  *taken = static_cast<size_t>(answer.number());
  return status;
}

rfctls_status decrypt(rfctls__conn *conn, rfctls__buffer *in, void *buffer, size_t room,
                      size_t *given, rfctls__buffer *out) {
  Message answer = ask(call(Call::decrypt, conn->number)
                           .put(rfctls__buffer_bytes(in))
                           .put(static_cast<int64_t>(room)));
  rfctls_status status = exchanged(answer, in, out);
  std::string data = answer.text();
  memcpy(buffer, data.data(), data.size());
  *given = data.size();
  return status;
}

size_t pending(const rfctls__conn *conn) {
  return static_cast<size_t>(ask(call(Call::pending, conn->number)).number());
}

const char *keep(Told *told, const std::string &text) {
  told->texts.push_back(text);
  return told->texts.back().c_str();
}

void findings(const rfctls__conn *conn, rfctls__findings *found) {
  Message answer = ask(call(Call::findings, conn->number));
  auto count = static_cast<size_t>(answer.number());
  Told *told = conn->told;
  *told = Told{};
  told->texts.reserve(2 * count);  // what is borrowed does not move
  for (size_t i = 0; i < count; i++) {
    auto depth = static_cast<int>(answer.number());
    auto reason = answer.as<rfctls_reason>();
    const char *text = keep(told, answer.text());
    keep(told, answer.text());
    told->findings.push_back({depth, reason, text, bytes_of(told->texts.back())});
  }
  *found = {told->findings.data(), told->findings.size()};
}

void answer_verify(rfctls__conn *conn, int accept) {
  ask(call(Call::answer_verify, conn->number).put(accept));
}

rfctls_status answer_identity(rfctls__conn *conn, const rfctls__identity *identity) {
  Message question = call(Call::answer_identity, conn->number);
  put_identity(question, *identity);
  Message answer = ask(question);
  return ended(answer);
}

const char *optional(Told *told, Message &answer) {
  bool is = answer.number() != 0;
  const char *text = keep(told, answer.text());
  return is ? text : nullptr;
}

void facts(const rfctls__conn *conn, rfctls__facts *known) {
  Message answer = ask(call(Call::facts, conn->number));
  Told *told = conn->told;
  *told = Told{};
  told->texts.reserve(4);
  known->version = answer.as<rfctls_tls_version>();
  known->cipher = optional(told, answer);
  known->cipher_bits = static_cast<int>(answer.number());
  known->group = optional(told, answer);
  known->server_name = optional(told, answer);
  keep(told, answer.text());
  known->protocol = bytes_of(told->texts.back());
  known->resumed = static_cast<int>(answer.number());
  known->refused_renegotiation = static_cast<int>(answer.number());
}

rfctls_status peer_chain(const rfctls__conn *conn, rfctls__list *list) {
  Message answer = ask(call(Call::peer_chain, conn->number));
  rfctls_status status = ended(answer);
  for (int64_t left = answer.number(); left > 0; left--) {
    std::string der = answer.text();
    if (rfctls__list_add(list, der.data(), der.size()) != RFCTLS_OK) {
      throw std::bad_alloc();
    }
  }
  return status;
}

rfctls__engine make_remote() {
  rfctls__engine made{};
  made.name = "remote";
  made.context_size = sizeof(rfctls__context);
  made.conn_size = sizeof(rfctls__conn);
  made.context_init = context_init;
  made.context_fini = context_fini;
  made.conn_init = conn_init;
  made.conn_fini = conn_fini;
  made.handshake = handshake;
  made.encrypt = encrypt;
  made.decrypt = decrypt;
  made.pending = pending;
  made.close_notify = close_notify;
  made.key_update = key_update;
  made.findings = findings;
  made.answer_verify = answer_verify;
  made.answer_identity = answer_identity;
  made.facts = facts;
  made.peer_chain = peer_chain;
  return made;
}

}  // namespace

const rfctls__engine &engine_of(rfctls_role role) {
  static const rfctls__engine remote = make_remote();
  const char *roles = std::getenv("RFCTLS_TEST_REMOTE");
  if (roles == nullptr) {
    return rfctls__engine_linked;
  }
  std::string wanted = role == RFCTLS_CLIENT ? "client" : "server";
  return wanted == roles || std::string("both") == roles ? remote : rfctls__engine_linked;
}

}  // namespace rfctls_test
