// What a client's hello is made from: a list of steps, each a byte (extension, protocol, server name; of the
// config or of the socket), then what it takes. The hello must be whole, and hold just what was accepted.
#include <map>

#include "fuzz/input.hpp"

using namespace rfctls_test;
using namespace rfctls_test::fuzz;

namespace {

Config client() {
  Config config;
  must(rfctls_config_new(RFCTLS_CLIENT, out(config)) == RFCTLS_OK, "a config");
  must(rfctls_config_set_system_trust(config.get(), 0) == RFCTLS_OK, "trust");
  must(rfctls_config_insecure_skip_name_check(config.get()) == RFCTLS_OK, "no name");
  return config;
}

std::string hello_of(const Raw &raw, const Socket &socket) {
  std::string all, buffer(4096, '\0');
  size_t count = 0;
  rfctls_status status = rfctls_socket_handshake(socket.get());
  must(status == RFCTLS_WANT_READ, "a hello goes out, and an answer is waited for");
  while (rfctls_raw_drain(raw.get(), buffer.data(), buffer.size(), &count) == RFCTLS_OK &&
         count > 0) {
    all.append(buffer, 0, count);
  }
  return all;
}

// Its extensions (RFC 8446 section 4.1.2), out of the records that it may be split over.
std::multimap<unsigned, std::string> extensions_of(const std::string &records) {
  std::string hello;
  std::multimap<unsigned, std::string> found;
  Input wire(reinterpret_cast<const uint8_t *>(records.data()), records.size());
  while (!wire.empty()) {
    must(wire.byte() == 22, "a handshake record");
    wire.two_bytes();
    hello += wire.bytes(wire.two_bytes());
  }
  Input input(reinterpret_cast<const uint8_t *>(hello.data()), hello.size());
  must(input.byte() == 1, "a client's hello");
  size_t size = input.byte() << 16;
  must((size | input.two_bytes()) == hello.size() - 4, "of its own size");
  input.bytes(2 + 32);
  input.bytes(input.byte());
  input.bytes(input.two_bytes());
  input.bytes(input.byte());
  std::string list = input.bytes(input.two_bytes());
  must(input.empty(), "that ends with its extensions");
  Input items(reinterpret_cast<const uint8_t *>(list.data()), list.size());
  while (!items.empty()) {
    unsigned type = items.two_bytes(), length = items.two_bytes();
    std::string data = items.bytes(length);
    must(data.size() == length, "each of its size");
    found.emplace(type, data);
  }
  return found;
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  Input input(data, size);
  Config config = client();
  Raw raw;
  Socket socket;
  std::map<unsigned, std::string> added;
  must(rfctls_raw_memory(out(raw)) == RFCTLS_OK, "memory");
  while (!input.empty()) {
    unsigned step = input.byte();
    if ((step & 4) != 0 && !socket) {
      must(rfctls_socket_wrap(raw.get(), config.get(), out(socket)) == RFCTLS_OK, "a socket");
    }
    if (step % 4 == 0) {
      unsigned type = input.two_bytes();
      std::string content = input.bytes(input.byte() * ((step & 8) != 0 ? 257 : 1));
      const void *given = (step & 16) != 0 ? nullptr : content.data();
      rfctls_status status =
          socket ? rfctls_socket_add_hello_extension(socket.get(), static_cast<uint16_t>(type),
                                                     given, content.size())
                 : rfctls_config_add_hello_extension(config.get(), static_cast<uint16_t>(type),
                                                     given, content.size());
      if (answered(status) == RFCTLS_OK) {
        must(added.emplace(type, given != nullptr ? content : "").second, "no type twice");
      }
    } else {
      std::string text = input.bytes(input.byte());
      answered(step % 4 == 1 ? socket ? rfctls_socket_add_protocol(socket.get(), text.c_str())
                                      : rfctls_config_add_protocol(config.get(), text.c_str())
               : socket ? rfctls_socket_set_server_name(socket.get(), text.c_str())
                             : rfctls_config_set_server_name(config.get(), text.c_str()));
    }
  }
  if ((size & 1) != 0) { /* a server has no hello to add to */
    Config server;
    must(rfctls_config_new(RFCTLS_SERVER, out(server)) == RFCTLS_OK, "a config");
    must(rfctls_config_add_hello_extension(server.get(), 4711, "x", 1) == RFCTLS_E_ARGUMENT,
         "a server's config refuses");
  }
  if (!socket) {
    must(rfctls_socket_wrap(raw.get(), config.get(), out(socket)) == RFCTLS_OK, "a socket");
  }
  std::multimap<unsigned, std::string> sent = extensions_of(hello_of(raw, socket));
  for (const auto &item : added) {
    must(sent.count(item.first) == 1 && sent.find(item.first)->second == item.second,
         "what was added is sent, once");
  }
  return 0;
}
