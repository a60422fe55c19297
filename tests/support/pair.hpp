// Two TLS sockets that talk to each other over loopback TCP, and configs to make more.
#ifndef RFCTLS_TESTS_PAIR_HPP
#define RFCTLS_TESTS_PAIR_HPP

#include <string>
#include <thread>

#include "support/pki.hpp"

namespace rfctls_test {

inline Config server_config(const std::string &identity = "server",
                            rfctls_tls_version version = RFCTLS_TLS_ANY) {
  Config config;
  Identity own = load_identity(identity);
  require(rfctls_config_new(RFCTLS_SERVER, out(config)), "server config");
  require(rfctls_config_set_identity(config.get(), own.chain.get(), own.key.get()), identity);
  require(rfctls_config_set_versions(config.get(), version, version), "version");
  return config;
}

inline void trust(const Config &config, const std::string &file) {
  Chain chain = load_chain(file);
  require(rfctls_config_add_authority(config.get(), rfctls_chain_at(chain.get(), 0)), file);
}

// Trusts the test CA alone, and asks for server.test.
inline Config client_config(rfctls_tls_version version = RFCTLS_TLS_ANY) {
  Config config;
  require(rfctls_config_new(RFCTLS_CLIENT, out(config)), "client config");
  require(rfctls_config_set_system_trust(config.get(), 0), "system trust");
  require(rfctls_config_set_server_name(config.get(), "server.test"), "server name");
  require(rfctls_config_set_versions(config.get(), version, version), "version");
  trust(config, "ca.pem");
  return config;
}

inline Socket listen_on(const Config &config, const char *node = "127.0.0.1") {
  Socket listener;
  require(rfctls_socket_listen(node, "0", config.get(), out(listener)), "listen");
  return listener;
}

inline std::string port_of(const Socket &socket) {
  Address address;
  require(rfctls_socket_local_address(socket.get(), out(address)), "local address");
  return std::to_string(rfctls_address_port(address.get()));
}

inline Socket connect_to(const Socket &listener, const Config &config,
                         const char *node = "127.0.0.1") {
  Socket client;
  require(rfctls_socket_connect(node, port_of(listener).c_str(), config.get(), out(client)),
          "connect");
  return client;
}

inline Socket accept_from(const Socket &listener) {
  Socket server;
  require(rfctls_socket_accept(listener.get(), out(server)), "accept");
  return server;
}

// Connected by TCP; shake() agrees.
struct Pair {
  Pair(const Config &of_client, const Config &of_server)
      : listener(listen_on(of_server)),
        client(connect_to(listener, of_client)),
        server(accept_from(listener)) {}

  explicit Pair(rfctls_tls_version version = RFCTLS_TLS_ANY)
      : Pair(client_config(version), server_config("server", version)) {}

  // Both handshakes at once; the server's status is kept in server_status.
  rfctls_status shake() {
    std::thread other([this] { server_status = rfctls_socket_handshake(server.get()); });
    rfctls_status status = rfctls_socket_handshake(client.get());
    other.join();
    return status;
  }

  Socket listener;
  Socket client;
  Socket server;
  rfctls_status server_status = RFCTLS_E_INTERNAL;
};

inline rfctls_status send_all(const Socket &socket, const std::string &text) {
  size_t sent = 0;
  return rfctls_socket_send(socket.get(), 0, text.data(), text.size(), &sent);
}

// Everything until the end; *status tells how it ended.
inline std::string receive_all(const Socket &socket, rfctls_status *status) {
  std::string all;
  char buffer[65536];
  size_t received = 0;
  while ((*status = rfctls_socket_recv(socket.get(), 0, buffer, sizeof buffer, &received)) ==
             RFCTLS_OK &&
         received > 0) {
    all.append(buffer, received);
  }
  return all;
}

inline std::string receive(const Socket &socket, size_t most = 65536) {
  std::string text(most, '\0');
  size_t received = 0;
  require(rfctls_socket_recv(socket.get(), 0, text.data(), most, &received), "recv");
  return text.substr(0, received);
}

// Bytes that betray any loss or swap: each depends on its place.
inline void fill_pattern(unsigned char *data, size_t size, uint64_t offset) {
  for (size_t i = 0; i < size; i++) {
    uint64_t place = offset + i;
    data[i] = static_cast<unsigned char>(place ^ (place >> 8) ^ (place >> 17));
  }
}

}  // namespace rfctls_test

#endif
