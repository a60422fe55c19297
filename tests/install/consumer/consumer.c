/* A stranger's program: says which library it was built against, and which one it runs with. */
#include <rfctls.h>
#include <stdio.h>

int main(void) {
  rfctls_config *config = NULL;
  rfctls_status status = rfctls_config_new(RFCTLS_CLIENT, &config);
  printf("%s %s %s\n", rfctls_version(), rfctls_engine_name(), rfctls_status_name(status));
  rfctls_config_unref(config);
  return status == RFCTLS_OK ? 0 : 1;
}
