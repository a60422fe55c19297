/* The module: SWIG's functions and constants, set up by hand. SWIG's own initialisation keeps Python's
 * objects in static variables, which all interpreters of a process would share (mod_wsgi has one for
 * each virtual host). Here each has its own handle type and its own exceptions, in the module's state
 * (PEP 489, PEP 630); that needs none of SWIG's runtime, since no type of its own is ever wrapped. */
#include <errno.h> /* SWIG's code needs these two, and does not say so where the API is the limited one */
#include <stdlib.h>

#define SWIGEXPORT static
#define PyInit_native swig_init_unused
#include "native_wrap.c"
#undef PyInit_native

static int module_exec(PyObject *module) {
  module_state *state = PyModule_GetState(module);
  const swig_const_info *constant;
  for (constant = swig_const_table; constant->name; ++constant) {
    if (PyModule_AddIntConstant(module, constant->name, constant->lvalue) < 0)
      return -1;
  }
  state->handle_type = handle_type_new(module);
  return state->handle_type ? 0 : -1;
}

static int module_traverse(PyObject *module, visitproc visit, void *arg) {
  module_state *state = PyModule_GetState(module);
  Py_VISIT(state->handle_type);
  return 0;
}

static int module_clear(PyObject *module) {
  module_state *state = PyModule_GetState(module);
  Py_CLEAR(state->handle_type);
  return 0;
}

static void module_free(void *module) {
  module_clear((PyObject *)module);
}

/* Py_mod_multiple_interpreters = Py_MOD_PER_INTERPRETER_GIL_SUPPORTED (PEP 684) is in numbers, since one
 * build serves many versions; Python 3.11 would refuse it. A build for a free-threaded Python (PEP 703) serves
 * that one alone: what a function changes there is the library's, which has its own locks, or the calling
 * thread's. */
PyMODINIT_FUNC PyInit_native(void) {
#ifdef Py_GIL_DISABLED
  static PyModuleDef_Slot slots[] = {
      {Py_mod_exec, (void *)module_exec},
      {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
      {Py_mod_gil, Py_MOD_GIL_NOT_USED},
      {0, NULL}};
#else
  static PyModuleDef_Slot slots_of_3_11[] = {{Py_mod_exec, (void *)module_exec}, {0, NULL}};
  static PyModuleDef_Slot slots[] = {{Py_mod_exec, (void *)module_exec}, {3, (void *)2}, {0, NULL}};
#endif
  static PyModuleDef def = {
      PyModuleDef_HEAD_INIT, SWIG_name,    NULL,        sizeof(module_state), SwigMethods, slots,
      module_traverse,       module_clear, module_free,
  };
#ifndef Py_GIL_DISABLED
  if (Py_Version < 0x030C0000)
    def.m_slots = slots_of_3_11;
#endif
  return PyModuleDef_Init(&def);
}
