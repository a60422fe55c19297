/* How a librfctls handle looks to Python: one small heap type, an instance knows its kind. The
 * finaliser alone frees, by unref, which never sends and never waits. */

/* What each interpreter of the process has of its own; see module.c. SWIG's functions know the module as
 * self. */
typedef struct module_state {
  PyTypeObject *handle_type;
} module_state;

static module_state *state_of(PyObject *self) {
  return PyModule_GetState(self);
}

typedef struct handle_kind {
  const char *name;
  void (*unref)(void *pointer);
} handle_kind;

typedef struct handle {
  PyObject_HEAD
  const handle_kind *kind;
  void *pointer;
} handle;

#define HANDLE_KIND(noun)                     \
  static void noun##_release(void *pointer) { \
    noun##_unref((noun *)pointer);            \
  }                                           \
  static const handle_kind noun##_kind = {#noun, noun##_release}

HANDLE_KIND(rfctls_cert);
HANDLE_KIND(rfctls_chain);
HANDLE_KIND(rfctls_key);
HANDLE_KIND(rfctls_config);
HANDLE_KIND(rfctls_address);
HANDLE_KIND(rfctls_addresses);
HANDLE_KIND(rfctls_raw);
HANDLE_KIND(rfctls_socket);
HANDLE_KIND(rfctls_stream);
HANDLE_KIND(rfctls_session);
HANDLE_KIND(rfctls_pollset);

static void handle_dealloc(PyObject *self) {
  handle *held = (handle *)self;
  PyTypeObject *type = Py_TYPE(self);
  held->kind->unref(held->pointer);
  PyObject_Free(self);
  Py_DECREF((PyObject *)type);
}

static PyObject *handle_repr(PyObject *self) {
  handle *held = (handle *)self;
  return PyUnicode_FromFormat("<%s at %p>", held->kind->name, held->pointer);
}

static PyTypeObject *handle_type_new(PyObject *self) {
  static PyType_Slot slots[] = {
      {Py_tp_dealloc, (void *)handle_dealloc},
      {Py_tp_repr, (void *)handle_repr},
      {Py_tp_doc, (void *)"A handle of librfctls, for the functions of this module."},
      {0, NULL},
  };
  static PyType_Spec spec = {
      "rfctls.native.Handle",
      (int)sizeof(handle),
      0,
      Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE,
      slots,
  };
  return (PyTypeObject *)PyType_FromModuleAndSpec(self, &spec, NULL);
}

/* Takes over the caller's reference of pointer, on failure, too; NULL is None. */
static PyObject *handle_new(PyObject *self, const handle_kind *kind, void *pointer) {
  handle *made;
  if (!pointer)
    Py_RETURN_NONE;
  made = PyObject_New(handle, state_of(self)->handle_type);
  if (!made) {
    kind->unref(pointer);
    return NULL;
  }
  made->kind = kind;
  made->pointer = pointer;
  return (PyObject *)made;
}

/* Borrowed from object. NULL, with TypeError set, for anything but a handle of that kind. */
static void *handle_get(PyObject *self, PyObject *object, const handle_kind *kind,
                        const char *parameter) {
  if (Py_TYPE(object) != state_of(self)->handle_type) {
    PyErr_Format(PyExc_TypeError, "%s must be a handle of %s, not %R", parameter, kind->name,
                 (PyObject *)Py_TYPE(object));
    return NULL;
  }
  if (((handle *)object)->kind != kind) {
    PyErr_Format(PyExc_TypeError, "%s must be a handle of %s, not of %s", parameter, kind->name,
                 ((handle *)object)->kind->name);
    return NULL;
  }
  return ((handle *)object)->pointer;
}
