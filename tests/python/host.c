/* A program with an interpreter in each of four threads, as mod_wsgi has one for each virtual host: runs a
 * script in all of them at once, twice. Its exit code is how many of these failed. */
#include <Python.h>
#include <pthread.h>

enum { THREADS = 4, ROUNDS = 2 };

static void *run(void *script) {
  PyGILState_STATE lock = PyGILState_Ensure();
  PyThreadState *before = PyThreadState_Get();
  PyThreadState *inside = Py_NewInterpreter();
  int failed = inside == NULL || PyRun_SimpleString(script) != 0;
  if (inside != NULL)
    Py_EndInterpreter(inside);
  PyThreadState_Swap(before);
  PyGILState_Release(lock);
  return failed ? script : NULL;
}

int main(int argc, char **argv) {
  PyThreadState *first;
  int failures = 0;
  if (argc != 2)
    return 99;
  Py_Initialize();
  first = PyEval_SaveThread();
  for (int round = 0; round < ROUNDS; ++round) {
    pthread_t threads[THREADS];
    void *failed = NULL;
    for (int i = 0; i < THREADS; ++i)
      pthread_create(&threads[i], NULL, run, argv[1]);
    for (int i = 0; i < THREADS; ++i) {
      pthread_join(threads[i], &failed);
      failures += failed != NULL;
    }
  }
  PyEval_RestoreThread(first);
  return Py_FinalizeEx() == 0 ? failures : 98;
}
