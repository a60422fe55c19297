// inet_pton and inet_ntop, wherever the system keeps them.
#ifndef RFCTLS_TESTS_INET_HPP
#define RFCTLS_TESTS_INET_HPP

#if defined(_WIN32)
#include <winsock2.h>
#include <ws2tcpip.h>
#else
#include <arpa/inet.h>
#endif

#endif
