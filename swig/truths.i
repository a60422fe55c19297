/* C's ints that are truth values are those of the language. Each one's typemaps of bool say how. */
%apply bool { int allowed, int blocking, int close_socket, int enabled, int identity, int owned, int passive,
              int verify };
%apply bool { int rfctls_socket_is_blocking, int rfctls_socket_is_closed, int rfctls_socket_is_listener,
              int rfctls_socket_is_resumed, int rfctls_socket_finding_trusted, int rfctls_engine_supports,
              int rfctls_cert_matches_name, int rfctls_raw_is_blocking };
