/* What calls with and without TLS share. */
#ifndef RFCTLS_NET_TRANSPORT_IO_H
#define RFCTLS_NET_TRANSPORT_IO_H

#include "net/transport.h"

/* As rfctls_raw_finish_connect, within a public call. */
rfctls_status rfctls__raw_finish_connect(rfctls_raw *raw);
/* E_ARGUMENT for what is none. */
rfctls_status rfctls__check_how(rfctls_how how);
rfctls_status rfctls__check_flags(uint32_t flags, uint32_t known);

#endif
