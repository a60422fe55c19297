/* What differs between SWIG 4.1 and later ones, or in what they generate; nothing else. */

#if defined(SWIGPYTHON)
/* The limited API needs it, and SWIG's own code does not say so. */
%begin %{
#include <errno.h>
%}
/* How %init fails: from 4.4 on it is part of a function that returns int (PEP 489). */
#if SWIG_VERSION >= 0x040400
%header %{
#define INIT_FAILED -1
%}
#else
%header %{
#define INIT_FAILED NULL
%}
#endif
#endif
