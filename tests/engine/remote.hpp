// The engine of another process, for tests whose own one has no such role: engine_host runs it.
#ifndef RFCTLS_TESTS_REMOTE_HPP
#define RFCTLS_TESTS_REMOTE_HPP

#include "engine/engine.h"

namespace rfctls_test {

// The linked engine; or for the roles of RFCTLS_TEST_REMOTE ("client", "server", "both") that which
// engine_host serves at RFCTLS_TEST_REMOTE_PORT.
const rfctls__engine &engine_of(rfctls_role role);

}  // namespace rfctls_test

#endif
