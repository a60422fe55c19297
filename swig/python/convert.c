/* Between Python's values and C's. What sets an exception returns -1 or NULL. Nothing here raises
 * OverflowError: a number out of range is a ValueError, as every other bad value is. */

#include <limits.h>
#include <stdbool.h> /* for SWIG's own code about bool */
#include <stdint.h>
#include <string.h>

/* What Python's user calls a text parameter: as what it sets; and a file is one of several sources. */
static const char *name_of(const char *function, const char *parameter) {
  const char *set = strstr(function, "_set_");
  if (set)
    return set + strlen("_set_");
  return strstr(function, "_file") ? "source" : parameter;
}

/* "data must be an int, not <class 'str'>", instead of Python's TypeError, which names nothing. */
static void wrong_type(PyObject *object, const char *parameter, const char *wanted) {
  if (PyErr_Occurred() && !PyErr_ExceptionMatches(PyExc_TypeError))
    return;
  PyErr_Format(PyExc_TypeError, "%s must be %s, not %R", parameter, wanted,
               (PyObject *)Py_TYPE(object));
}

/* ---- numbers ---- */

/* By __index__; NULL with an exception set for what is no int. */
static PyObject *whole_in(PyObject *object, const char *parameter) {
  PyObject *whole = PyNumber_Index(object);
  if (!whole)
    wrong_type(object, parameter, "an int");
  return whole;
}

static int truth_in(PyObject *object, const char *parameter, int *out) {
  if (!PyBool_Check(object)) {
    PyErr_Format(PyExc_TypeError, "%s must be True or False, not %R", parameter, object);
    return -1;
  }
  *out = object == Py_True;
  return 0;
}

/* An int, or what says by __index__ that it is one, but no bool. */
static int number_in(PyObject *object, const char *parameter, long long low, long long high,
                     long long *out) {
  PyObject *whole;
  int overflow = 0;
  if (PyBool_Check(object)) {
    PyErr_Format(PyExc_TypeError, "%s must be an int, not a bool", parameter);
    return -1;
  }
  whole = whole_in(object, parameter);
  if (!whole)
    return -1;
  *out = PyLong_AsLongLongAndOverflow(whole, &overflow);
  Py_DECREF(whole);
  if (overflow || *out < low || *out > high) {
    PyErr_Format(PyExc_ValueError, "%s is out of range: %R", parameter, object);
    return -1;
  }
  return 0;
}

/* A size is never negative; one that is larger than memory means "as much as there is". */
static int size_in(PyObject *object, const char *parameter, size_t *out) {
  PyObject *whole;
  long long value;
  int overflow = 0;
  if (PyBool_Check(object)) {
    PyErr_Format(PyExc_TypeError, "%s must be an int, not a bool", parameter);
    return -1;
  }
  whole = whole_in(object, parameter);
  if (!whole)
    return -1;
  value = PyLong_AsLongLongAndOverflow(whole, &overflow);
  Py_DECREF(whole);
  if (overflow < 0 || (!overflow && value < 0)) {
    PyErr_Format(PyExc_ValueError, "%s must not be negative", parameter);
    return -1;
  }
  *out = overflow || (unsigned long long)value > SIZE_MAX ? SIZE_MAX : (size_t)value;
  return 0;
}

/* The size of what the call makes. */
static int length_in(PyObject *object, const char *parameter, int most, size_t *out) {
  long long value;
  if (number_in(object, parameter, LLONG_MIN, LLONG_MAX, &value) < 0)
    return -1;
  if (value < 1 || value > most) {
    PyErr_Format(PyExc_ValueError, "%s must be 1 to %d, not %R", parameter, most, object);
    return -1;
  }
  *out = (size_t)value;
  return 0;
}

/* ---- text ---- */

/* Borrowed from object; without NUL inside, since C would cut there. */
static const char *text_in(PyObject *object, const char *parameter) {
  Py_ssize_t size = 0;
  const char *text;
  if (!PyUnicode_Check(object)) {
    wrong_type(object, parameter, "a str");
    return NULL;
  }
  text = PyUnicode_AsUTF8AndSize(object, &size);
  if (text && strlen(text) != (size_t)size) {
    PyErr_Format(PyExc_ValueError, "%s contains a NUL character", parameter);
    return NULL;
  }
  return text;
}

/* The same, or the bytes as they are: a passphrase has no encoding of its own. */
static const char *text_or_bytes_in(PyObject *object, const char *parameter) {
  const char *bytes;
  if (!PyBytes_Check(object))
    return text_in(object, parameter);
  bytes = PyBytes_AsString(object);
  if (bytes && strlen(bytes) != (size_t)PyBytes_Size(object)) {
    PyErr_Format(PyExc_ValueError, "%s contains a NUL byte", parameter);
    return NULL;
  }
  return bytes;
}

/* A file's name, which the caller releases with *encoded. */
static const char *path_in(PyObject *object, const char *parameter, PyObject **encoded) {
  if (PyUnicode_FSConverter(object, encoded))
    return PyBytes_AsString(*encoded);
  if (PyErr_ExceptionMatches(PyExc_ValueError)) {
    PyErr_Format(PyExc_ValueError, "%s cannot be a file's name: %R", parameter, object);
  } else {
    wrong_type(object, parameter, "a str or a path");
  }
  return NULL;
}

static PyObject *text_out(const char *text) {
  if (!text)
    Py_RETURN_NONE;
  return PyUnicode_DecodeUTF8(text, (Py_ssize_t)strlen(text), "replace");
}

/* ---- bytes ---- */

/* Held until PyBuffer_Release; obj == NULL says that nothing is held. */
static int buffer_in(PyObject *object, const char *parameter, int writable, Py_buffer *view) {
  if (PyObject_GetBuffer(object, view, writable ? PyBUF_WRITABLE : PyBUF_SIMPLE) == 0)
    return 0;
  view->obj = NULL;
  if (PyErr_ExceptionMatches(PyExc_BufferError))
    PyErr_Clear();
  wrong_type(
      object, parameter,
      writable ? "a contiguous and writable bytes-like object" : "a contiguous bytes-like object");
  return -1;
}

/* ---- results ---- */

/* Nothing yet: value. A verb's (status, None): value takes the second place. Else the two of them.
 * Takes over both references. */
static PyObject *result_with(PyObject *result, PyObject *value) {
  PyObject *both;
  if (!result || !value) {
    Py_XDECREF(result);
    return value;
  }
  if (PyTuple_Check(result)) {
    PyTuple_SetItem(result, 1, value);
    return result;
  }
  both = PyTuple_Pack(2, result, value);
  Py_DECREF(result);
  Py_DECREF(value);
  return both;
}

/* What a call that may be unfinished answers: (0 or WANT_*, None). */
static PyObject *verb_result(rfctls_status status) {
  PyObject *result = PyTuple_New(2);
  PyObject *number = PyLong_FromLong((long)status);
  if (!result || !number) {
    Py_XDECREF(result);
    Py_XDECREF(number);
    return NULL;
  }
  PyTuple_SetItem(result, 0, number);
  Py_INCREF(Py_None);
  PyTuple_SetItem(result, 1, Py_None);
  return result;
}
