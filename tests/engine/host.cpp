// engine_host: the linked engine for a test in another process, perhaps on another system.
//
//   engine_host    prints port=NUMBER, and serves until its standard input ends or the test does
#include <cstdio>
#include <map>
#include <memory>
#include <thread>
#include <vector>

#include "base/alloc.h"
#include "base/error.h"
#include "engine/engine.h"
#include "engine/wire.hpp"
#include "support/handles.hpp"

namespace rfctls_test {
namespace {

using wire::bytes_of;
using wire::Call;
using wire::Message;

const rfctls__engine &engine = rfctls__engine_linked;

// An engine's object, in memory of the size that it asks for.
template <typename T>
std::shared_ptr<T> allocate(size_t size) {
  return std::shared_ptr<T>(static_cast<T *>(rfctls__alloc(size)), rfctls__free);
}

struct Objects {
  std::map<int64_t, std::shared_ptr<rfctls__context>> contexts;
  std::map<int64_t, std::shared_ptr<rfctls__conn>> conns;
  int64_t last = 0;
};

struct Buffer {
  explicit Buffer(const std::string &text = "") {
    (void)rfctls__buffer_append(&raw, text.data(), text.size());
  }
  ~Buffer() {
    rfctls__buffer_release(&raw);
  }
  Buffer(const Buffer &) = delete;
  Buffer &operator=(const Buffer &) = delete;
  rfctls__buffer raw{};
};

void put_status(Message &answer, rfctls_status status) {
  answer.put(status).put(rfctls_error_alert()).put(rfctls_error_depth());
  answer.put(rfctls_error_verify_reason()).put(rfctls_error_engine_code());
  answer.put(std::string(rfctls_error_message()));
}

struct Identity {
  explicit Identity(Message &question) : texts(static_cast<size_t>(question.number())) {
    for (std::string &text : texts) {
      text = question.text();
      chain.push_back(bytes_of(text));
    }
    key = question.text();
    view = {chain.data(), chain.size(), bytes_of(key)};
  }
  std::vector<std::string> texts;
  std::vector<rfctls__bytes> chain;
  std::string key;
  rfctls__identity view{};
};

void context_init(Objects &objects, Message &question, Message &answer) {
  auto context = allocate<rfctls__context>(engine.context_size);
  rfctls__settings settings{};
  settings.role = question.as<rfctls_role>();
  settings.min_version = question.as<rfctls_tls_version>();
  settings.max_version = question.as<rfctls_tls_version>();
  Identity identity(question);
  settings.identity = identity.view;
  std::vector<std::string> texts(static_cast<size_t>(question.number()));
  std::vector<rfctls__bytes> authorities;
  for (std::string &text : texts) {
    text = question.text();
    authorities.push_back(bytes_of(text));
  }
  settings.authorities = authorities.data();
  settings.authority_count = authorities.size();
  settings.system_trust = static_cast<int>(question.number());
  settings.partial_chain = static_cast<int>(question.number());
  settings.peer_cert = question.as<rfctls_demand>();
  settings.skip_verify = static_cast<int>(question.number());
  std::string protocols = question.text();
  settings.protocols = bytes_of(protocols);
  settings.resumption = static_cast<int>(question.number());
  rfctls_status status = engine.context_init(context.get(), &settings);
  objects.contexts[++objects.last] = context;
  put_status(answer.put(objects.last), status);
}

void conn_init(Objects &objects, int64_t context, Message &question, Message &answer) {
  auto conn = allocate<rfctls__conn>(engine.conn_size);
  rfctls__opening opening{};
  bool named = question.number() != 0;
  std::string name = question.text();
  opening.server_name = named ? name.c_str() : nullptr;
  opening.name_is_ip = static_cast<int>(question.number());
  opening.check_name = static_cast<int>(question.number());
  opening.ask_verify = static_cast<int>(question.number());
  opening.ask_identity = static_cast<int>(question.number());
  std::string protocols = question.text();
  opening.protocols = bytes_of(protocols);
  rfctls_status status = engine.conn_init(conn.get(), objects.contexts.at(context).get(), &opening);
  objects.conns[++objects.last] = conn;
  put_status(answer.put(objects.last), status);
}

void put_exchange(Message &answer, rfctls_status status, const Buffer &in, const Buffer &out) {
  put_status(answer, status);
  answer.put(static_cast<int64_t>(rfctls__buffer_size(&in.raw)));
  answer.put(rfctls__buffer_bytes(&out.raw));
}

void put_findings(rfctls__conn *conn, Message &answer) {
  rfctls__findings found{};
  engine.findings(conn, &found);
  answer.put(static_cast<int64_t>(found.count));
  for (size_t i = 0; i < found.count; i++) {
    const rfctls__finding &one = found.items[i];
    answer.put(one.depth).put(one.reason).put(std::string(one.text)).put(one.der);
  }
}

void put_facts(rfctls__conn *conn, Message &answer) {
  rfctls__facts known{};
  engine.facts(conn, &known);
  answer.put(known.version).put_optional(known.cipher).put(known.cipher_bits);
  answer.put_optional(known.group);
  answer.put_optional(known.server_name).put(known.protocol).put(known.resumed);
  answer.put(known.refused_renegotiation);
}

void put_chain(rfctls__conn *conn, Message &answer) {
  rfctls__list list{};
  put_status(answer, engine.peer_chain(conn, &list));
  answer.put(static_cast<int64_t>(list.count));
  for (size_t i = 0; i < list.count; i++) {
    answer.put(rfctls__list_at(&list, i));
  }
  rfctls__list_release(&list);
}

void use_conn(Call which, rfctls__conn *conn, Message &question, Message &answer) {
  switch (which) {
  case Call::handshake:
  case Call::close_notify:
  case Call::key_update: {
    Buffer in(question.text()), out;
    auto *function = which == Call::handshake      ? engine.handshake
                     : which == Call::close_notify ? engine.close_notify
                                                   : engine.key_update;
    rfctls_status status = function(conn, &in.raw, &out.raw);
    return put_exchange(answer, status, in, out);
  }
  case Call::encrypt: {
    Buffer in(question.text()), out;
    std::string data = question.text();
    size_t taken = 0;
    rfctls_status status =
        engine.encrypt(conn, data.data(), data.size(), &taken, &in.raw, &out.raw);
    put_exchange(answer, status, in, out);
    answer.put(static_cast<int64_t>(taken));
    return;
  }
  case Call::decrypt: {
    Buffer in(question.text()), out;
    std::string room(static_cast<size_t>(question.number()), '\0');
    size_t given = 0;
    rfctls_status status =
        engine.decrypt(conn, &in.raw, room.data(), room.size(), &given, &out.raw);
    put_exchange(answer, status, in, out);
    answer.put(room.substr(0, given));
    return;
  }
  case Call::pending: answer.put(static_cast<int64_t>(engine.pending(conn))); return;
  case Call::findings: return put_findings(conn, answer);
  case Call::answer_verify: engine.answer_verify(conn, static_cast<int>(question.number())); return;
  case Call::answer_identity: {
    Identity identity(question);
    return put_status(answer, engine.answer_identity(conn, &identity.view));
  }
  case Call::facts: return put_facts(conn, answer);
  case Call::peer_chain: return put_chain(conn, answer);
  case Call::context_init:
  case Call::context_fini:
  case Call::conn_init:
  case Call::conn_fini: break;
  }
  throw std::runtime_error("a call that is none");
}

Message answer_to(Objects &objects, Message question) {
  Message answer;
  auto which = question.as<Call>();
  int64_t number = question.number();
  rfctls__enter("engine_host");
  if (which == Call::context_init) {
    context_init(objects, question, answer);
  } else if (which == Call::context_fini) {
    engine.context_fini(objects.contexts.at(number).get());
    objects.contexts.erase(number);
  } else if (which == Call::conn_init) {
    conn_init(objects, number, question, answer);
  } else if (which == Call::conn_fini) {
    engine.conn_fini(objects.conns.at(number).get(), static_cast<int>(question.number()));
    objects.conns.erase(number);
  } else {
    use_conn(which, objects.conns.at(number).get(), question, answer);
  }
  return answer;
}

void serve(rfctls_raw *raw) {
  Objects objects;
  Message question;
  while (wire::receive(raw, &question)) {
    wire::send(raw, answer_to(objects, question));
  }
}

void require(rfctls_status status) {
  if (status != RFCTLS_OK) {
    throw std::runtime_error(rfctls_error_message());
  }
}

Raw listen() {
  Addresses addresses;
  Raw listener;
  require(rfctls_addresses_resolve("127.0.0.1", "0", RFCTLS_FAMILY_ANY, 1, out(addresses)));
  require(rfctls_raw_listen(rfctls_addresses_at(addresses.get(), 0), 0, out(listener)));
  return listener;
}

}  // namespace
}  // namespace rfctls_test

int main() {
  using namespace rfctls_test;
  Raw listener = listen(), raw;
  Address address;
  require(rfctls_raw_local_address(listener.get(), out(address)));
  std::printf("port=%d\n", rfctls_address_port(address.get()));
  std::fflush(stdout);
  std::thread([] {  // whoever started us has gone
    while (std::getchar() != EOF) {
    }
    std::_Exit(0);
  })
      .detach();
  while (rfctls_raw_accept(listener.get(), out(raw)) == RFCTLS_OK) {
    serve(raw.get());
  }
  return 1;
}
