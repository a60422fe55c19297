/* Failures: the facade's procedure, which makes a condition and raises it. */

static SCM failure_handler; /* a variable */

/* Where a wrapper has a first argument, its parameter of this name hides this one. */
static const SCM s_0 = SCM_BOOL_F;

static void raise_init(void) {
  failure_handler = scm_permanent_object(scm_make_variable(SCM_BOOL_F));
}

static SCM text_or_false(const char *text) {
  return text != NULL ? scm_from_utf8_string(text) : SCM_BOOL_F;
}

/* Must not return. details: of rfctls_set_failure_handler. */
static void call_handler(SCM *details) {
  SCM handler = scm_variable_ref(failure_handler);
  if (scm_is_true(handler))
    scm_call_n(handler, details, 10);
  scm_misc_error(NULL, "~A: ~A", scm_list_2(details[0], details[1]));
}

/* Calls the handler with the details of this thread's last failure, before anything else can fail on
 * this thread. argument is the failed call's first; count is what it had done until then, or #t. */
static void raise_failure(rfctls_status status, SCM argument, SCM count) {
  SCM details[] = {
      scm_from_utf8_symbol(rfctls_status_name(status)),
      text_or_false(rfctls_error_message()),
      text_or_false(rfctls_error_origin()),
      scm_from_int64(rfctls_error_system_code()),
      scm_from_int64(rfctls_error_engine_code()),
      scm_from_int(rfctls_error_alert()),
      scm_from_int(rfctls_error_depth()),
      scm_from_utf8_symbol(rfctls_reason_name(rfctls_error_verify_reason())),
      count,
      argument,
  };
  call_handler(details);
}

/* What C would say, if it could be asked. */
static void raise_argument(SCM message, const char *procedure) {
  SCM details[] = {
      scm_from_utf8_symbol(rfctls_status_name(RFCTLS_E_ARGUMENT)),
      message,
      scm_from_utf8_string(procedure),
      scm_from_int(0),
      scm_from_int(0),
      scm_from_int(-1),
      scm_from_int(-1),
      scm_from_utf8_symbol(rfctls_reason_name(RFCTLS_REASON_NONE)),
      SCM_BOOL_T,
      SCM_BOOL_F,
  };
  call_handler(details);
}

static void rfctls_set_failure_handler(SCM procedure) {
  scm_variable_set_x(failure_handler, procedure);
}

/* ---- numbers ---- */

/* Guile 3.0.8's own conversions crash the process when they report some numbers: 2^64 for a size_t. */
static int64_t whole_in(SCM number, int64_t least, int64_t most, int position,
                        const char *procedure) {
  if (!scm_is_exact_integer(number))
    scm_wrong_type_arg_msg(procedure, position, number, "exact integer");
  if (!scm_is_signed_integer(number, least, most))
    raise_argument(
        scm_simple_format(SCM_BOOL_F, scm_from_utf8_string("~A is not a number from ~A to ~A"),
                          scm_list_3(number, scm_from_int64(least), scm_from_int64(most))),
        procedure);
  return scm_to_int64(number);
}

static rfctls_status status_in(SCM status, int position, const char *procedure) {
  int i;
  for (i = RFCTLS_WANT_READ; i <= RFCTLS_WANT_IDENTITY; i++) {
    if (scm_is_eq(status, want_symbols[i]))
      return (rfctls_status)i;
  }
  return (rfctls_status)whole_in(status, INT_MIN, INT_MAX, position, procedure);
}
