/* A failed call becomes an exception. Which class, the facade knows: it gives a factory, called
 * with the whole error record. The record is the calling thread's, and nothing between the call and
 * here begins it anew (finalisers only unref). */

/* An attribute of the module, of which each call gets a reference of its own, whatever other threads do. It is
 * taken from the dictionary: looking attributes up by a new string fills the cache of the type with them. */
static const char error_factory[] = "_error_factory";

/* sent: what a failed send could still deliver. A MemoryError of Python's own stays as it is. */
static void raise_error(PyObject *self, rfctls_status status, size_t sent) {
  PyObject *factory, *error;
  if (PyErr_Occurred()) return;
  factory = PyMapping_GetItemString(PyModule_GetDict(self), error_factory);
  if (!factory) {
    PyErr_Format(PyExc_RuntimeError, "%s: %s", rfctls_status_name(status), rfctls_error_message());
    return;
  }
  error = PyObject_CallFunction(
    factory, "sNsLLiisn", rfctls_status_name(status), text_out(rfctls_error_message()),
    rfctls_error_origin(), (long long)rfctls_error_system_code(),
    (long long)rfctls_error_engine_code(), rfctls_error_alert(), rfctls_error_depth(),
    rfctls_reason_name(rfctls_error_verify_reason()), (Py_ssize_t)sent);
  Py_DECREF(factory);
  if (!error) return;
  PyErr_SetObject((PyObject *)Py_TYPE(error), error);
  Py_DECREF(error);
}
