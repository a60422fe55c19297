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

/* Calls the handler with the details of this thread's last failure, before anything else can fail on
 * this thread. argument is the failed call's first; count is what it had done until then, or #t. */
static void raise_failure(rfctls_status status, SCM argument, SCM count) {
  SCM handler = scm_variable_ref(failure_handler);
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
  if (scm_is_true(handler))
    scm_call_n(handler, details, sizeof details / sizeof details[0]);
  scm_misc_error(NULL, "~A: ~A", scm_list_2(details[0], details[1]));
}

static void rfctls_set_failure_handler(SCM procedure) {
  scm_variable_set_x(failure_handler, procedure);
}
