/* Who frees what: handles are freed by the language's finaliser alone, so ref and unref are not
 * exported; a getter's borrowed handle gets a reference of its own before the script sees it. */
%ignore rfctls_cert_ref;
%ignore rfctls_cert_unref;
%ignore rfctls_chain_ref;
%ignore rfctls_chain_unref;
%ignore rfctls_key_ref;
%ignore rfctls_key_unref;
%ignore rfctls_config_ref;
%ignore rfctls_config_unref;
%ignore rfctls_address_ref;
%ignore rfctls_address_unref;
%ignore rfctls_addresses_unref;
%ignore rfctls_raw_ref;
%ignore rfctls_raw_unref;
%ignore rfctls_socket_ref;
%ignore rfctls_socket_unref;
%ignore rfctls_session_ref;
%ignore rfctls_session_unref;
%ignore rfctls_pollset_unref;

/* Questions are return values (WANT_VERIFY, WANT_IDENTITY): no C function pointer reaches a script. */
%ignore rfctls_verifier;
%ignore rfctls_identity_source;
%ignore rfctls_release;
%ignore rfctls_config_set_verifier;
%ignore rfctls_config_set_identity_source;
