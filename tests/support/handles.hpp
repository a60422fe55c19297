// Owners of the library's handles: what a test makes is dropped at the end of its scope.
#ifndef RFCTLS_TESTS_HANDLES_HPP
#define RFCTLS_TESTS_HANDLES_HPP

#include <memory>

#include "rfctls.h"

namespace rfctls_test {

template <typename T, void(RFCTLS_CALL *Unref)(T *)>
struct Unreferencer {
  void operator()(T *handle) const {
    Unref(handle);
  }
};

template <typename T, void(RFCTLS_CALL *Unref)(T *)>
using Handle = std::unique_ptr<T, Unreferencer<T, Unref>>;

using Address = Handle<rfctls_address, rfctls_address_unref>;
using Addresses = Handle<rfctls_addresses, rfctls_addresses_unref>;
using Cert = Handle<rfctls_cert, rfctls_cert_unref>;
using Chain = Handle<rfctls_chain, rfctls_chain_unref>;
using Config = Handle<rfctls_config, rfctls_config_unref>;
using Key = Handle<rfctls_key, rfctls_key_unref>;
using Pollset = Handle<rfctls_pollset, rfctls_pollset_unref>;
using Raw = Handle<rfctls_raw, rfctls_raw_unref>;
using Session = Handle<rfctls_session, rfctls_session_unref>;
using Socket = Handle<rfctls_socket, rfctls_socket_unref>;

// The place for a `T **out`: rfctls_chain_new(out(chain)). Holds until the end of the expression.
template <typename Owner>
class Out {
 public:
  using Pointer = typename Owner::pointer;

  explicit Out(Owner &owner) : owner_(owner) {}
  Out(const Out &) = delete;
  Out &operator=(const Out &) = delete;
  ~Out() {
    owner_.reset(pointer_);
  }
  operator Pointer *() {
    return &pointer_;
  }

 private:
  Owner &owner_;
  Pointer pointer_ = nullptr;
};

template <typename Owner>
Out<Owner> out(Owner &owner) {
  return Out<Owner>(owner);
}

}  // namespace rfctls_test

#endif
