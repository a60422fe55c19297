/* Scheme values to C and back. */

/* A string for C, NULL for #f. The copy belongs to the collector, so that an error raised by a later
 * argument leaks nothing. A NUL inside would hide what follows it from every check. */
static char *text_in(SCM text, int position, const char *procedure) {
  size_t size;
  char *bytes, *copy;
  if (scm_is_false(text))
    return NULL;
  if (!scm_is_string(text))
    scm_wrong_type_arg_msg(procedure, position, text, "string");
  bytes = scm_to_utf8_stringn(text, &size);
  copy = scm_gc_malloc_pointerless(size + 1, "text");
  memcpy(copy, bytes, size);
  copy[size] = '\0';
  free(bytes);
  if (strlen(copy) != size)
    scm_wrong_type_arg_msg(procedure, position, text, "string without a NUL");
  return copy;
}

static void *bytes_in(SCM bytes, size_t *size, int position, const char *procedure) {
  if (!scm_is_bytevector(bytes))
    scm_wrong_type_arg_msg(procedure, position, bytes, "bytevector");
  *size = SCM_BYTEVECTOR_LENGTH(bytes);
  return SCM_BYTEVECTOR_CONTENTS(bytes);
}

static SCM bytes_out(const void *data, size_t size) {
  SCM bytes = scm_c_make_bytevector(size);
  if (size > 0)
    memcpy(SCM_BYTEVECTOR_CONTENTS(bytes), data, size);
  return bytes;
}

/* ---- statuses: unfinished ones are symbols, so that no count can be taken for one ---- */

static SCM want_symbols[RFCTLS_WANT_IDENTITY + 1];

static void convert_init(void) {
  want_symbols[RFCTLS_WANT_READ] = scm_permanent_object(scm_from_utf8_symbol("want-read"));
  want_symbols[RFCTLS_WANT_WRITE] = scm_permanent_object(scm_from_utf8_symbol("want-write"));
  want_symbols[RFCTLS_WANT_VERIFY] = scm_permanent_object(scm_from_utf8_symbol("want-verify"));
  want_symbols[RFCTLS_WANT_IDENTITY] = scm_permanent_object(scm_from_utf8_symbol("want-identity"));
}

static SCM status_out(rfctls_status status) {
  return status > RFCTLS_OK ? want_symbols[status] : SCM_BOOL_T;
}

/* Adds an output to what a wrapper answers: alone in place of #t, or a list. */
static SCM output(SCM result, SCM value) {
  return scm_is_eq(result, SCM_BOOL_T) ? value : scm_list_2(result, value);
}
