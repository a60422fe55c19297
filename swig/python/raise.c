/* A failed call becomes an exception. Which class, the facade knows: it gives a factory, called with status,
 * message, the system's code, and the exception's attributes, which are all else of the error record. The
 * record is the calling thread's, and nothing between the call and here begins it anew (finalisers only
 * unref). */

/* An attribute of the module, of which each call gets a reference of its own, whatever other threads do. It is
 * taken from the dictionary: looking attributes up by a new string fills the cache of the type with them. */
static const char error_factory[] = "_error_factory";

/* None where there is nothing to tell. */
static PyObject *known(long long value, long long nothing) {
  if (value == nothing)
    Py_RETURN_NONE;
  return PyLong_FromLongLong(value);
}

/* sent: what a failed send could still deliver. A MemoryError of Python's own stays as it is. */
static void raise_error(PyObject *self, rfctls_status status, size_t sent) {
  const rfctls_reason reason = rfctls_error_verify_reason();
  const long long code = (long long)rfctls_error_system_code();
  PyObject *factory, *error;
  if (PyErr_Occurred())
    return;
  factory = PyMapping_GetItemString(PyModule_GetDict(self), error_factory);
  if (!factory) {
    PyErr_Format(PyExc_RuntimeError, "%s: %s", rfctls_status_name(status), rfctls_error_message());
    return;
  }
  error = PyObject_CallFunction(
      factory, "sNL{sssNsNsNsNsNsn}", rfctls_status_name(status), text_out(rfctls_error_message()),
      code, "origin", rfctls_error_origin(), "system_code", known(code, 0), "engine_code",
      known(rfctls_error_engine_code(), 0), "alert", known(rfctls_error_alert(), -1), "depth",
      known(rfctls_error_depth(), -1), "reason",
      text_out(reason == RFCTLS_REASON_NONE ? NULL : rfctls_reason_name(reason)), "sent",
      (Py_ssize_t)sent);
  Py_DECREF(factory);
  if (!error)
    return;
  PyErr_SetObject((PyObject *)Py_TYPE(error), error);
  Py_DECREF(error);
}
