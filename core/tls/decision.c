/* Decisions: what the engine wants to know of the program, and how it is answered. */
#include "tls/decision.h"

#include "base/alloc.h"
#include "pki/pki.h"

static const rfctls__engine *const engine = &rfctls__engine_linked;

/* Where there is nothing to judge, no answer can accept it. */
static rfctls_status take_findings(rfctls_socket *socket) {
  rfctls__findings findings = {0};
  rfctls__list list = {0};
  rfctls_status status = RFCTLS_OK;
  engine->findings(socket->conn, &findings);
  if (findings.count == 0) {
    return rfctls__fail_verify(0, -1, RFCTLS_REASON_MISSING,
                               "the peer showed no certificate that could be judged");
  }
  for (size_t i = 0; i < findings.count && status == RFCTLS_OK; i++) {
    status = rfctls__list_add(&list, findings.items[i].der.data, findings.items[i].der.size);
  }
  rfctls_chain_unref(socket->findings);
  socket->findings = NULL;
  if (status == RFCTLS_OK) {
    status = rfctls__chain_from_list(&list, &socket->findings);
  }
  rfctls__list_release(&list);
  return status;
}

rfctls_status rfctls__decision_open(rfctls_socket *socket, rfctls_status decision) {
  rfctls_status status = decision == RFCTLS_WANT_VERIFY ? take_findings(socket) : RFCTLS_OK;
  if (status == RFCTLS_OK) {
    /* What an answer may depend on: the name that a server was asked for, whether this is resumed. */
    engine->facts(socket->conn, &socket->facts);
    socket->decision = decision;
  }
  return status;
}

void rfctls__decision_close(rfctls_socket *socket) {
  if (socket->decision == RFCTLS_OK && socket->findings != NULL) {
    rfctls_chain_unref(socket->findings);
    socket->findings = NULL;
  }
}

rfctls_status rfctls__decision_ask(rfctls_socket *socket) {
  const rfctls_config *config = socket->config;
  rfctls_status decision = socket->decision;
  int verify = decision == RFCTLS_WANT_VERIFY;
  int accept = 0;
  if (verify ? config->verifier == NULL : config->identity_source == NULL) {
    return decision;
  }
  rfctls__socket_unlock(socket);
  if (verify) {
    accept = config->verifier(config->verifier_data, socket) == 1;
  } else {
    config->identity_source(config->identity_data, socket);
  }
  rfctls__socket_lock(socket);
  if (socket->decision == decision) { /* the function has not answered by itself */
    socket->decision = RFCTLS_OK;
    if (!verify) {
      return engine->answer_identity(socket->conn, &(rfctls__identity){0});
    }
    engine->answer_verify(socket->conn, accept);
  }
  return RFCTLS_OK;
}

/* ---- findings ---- */

/* The finding at an index while the decision is open, under the lock that stays taken. */
static const rfctls__finding *finding_at(const rfctls_socket *socket, size_t index) {
  rfctls__findings findings = {0};
  rfctls__socket_lock(socket);
  if (socket->findings == NULL) {
    return NULL;
  }
  engine->findings(socket->conn, &findings);
  return index < findings.count ? &findings.items[index] : NULL;
}

size_t rfctls_socket_finding_count(const rfctls_socket *socket) {
  size_t count = 0;
  if (socket != NULL) {
    count = rfctls_chain_count(rfctls__socket_lock(socket)->findings);
    rfctls__socket_unlock(socket);
  }
  return count;
}

int rfctls_socket_finding_depth(const rfctls_socket *socket, size_t index) {
  int depth = -1;
  if (socket != NULL) {
    const rfctls__finding *finding = finding_at(socket, index);
    depth = finding != NULL ? finding->depth : -1;
    rfctls__socket_unlock(socket);
  }
  return depth;
}

rfctls_reason rfctls_socket_finding_reason(const rfctls_socket *socket, size_t index) {
  rfctls_reason reason = RFCTLS_REASON_OTHER;
  if (socket != NULL) {
    const rfctls__finding *finding = finding_at(socket, index);
    reason = finding != NULL ? finding->reason : RFCTLS_REASON_OTHER;
    rfctls__socket_unlock(socket);
  }
  return reason;
}

int rfctls_socket_finding_trusted(const rfctls_socket *socket, size_t index) {
  return rfctls_socket_finding_reason(socket, index) == RFCTLS_REASON_NONE;
}

const char *rfctls_socket_finding_text(const rfctls_socket *socket, size_t index) {
  const char *text = "";
  if (socket != NULL) {
    const rfctls__finding *finding = finding_at(socket, index);
    text = finding != NULL ? finding->text : "";
    rfctls__socket_unlock(socket);
  }
  return text;
}

rfctls_cert *rfctls_socket_finding_cert(const rfctls_socket *socket, size_t index) {
  rfctls_cert *cert = NULL;
  if (socket != NULL) {
    cert = rfctls_chain_at(rfctls__socket_lock(socket)->findings, index);
    rfctls__socket_unlock(socket);
  }
  return cert;
}

/* ---- answers ---- */

/* Takes the lock; it stays taken on OK. */
static rfctls_status begin_answer(rfctls_socket *socket, rfctls_status decision) {
  rfctls_status status = rfctls__enter_socket(socket);
  if (status != RFCTLS_OK) {
    return status;
  }
  rfctls__socket_lock(socket);
  if (socket->decision != decision) {
    rfctls__socket_unlock(socket);
    return rfctls__fail(RFCTLS_E_STATE, "nothing of the kind was asked");
  }
  return RFCTLS_OK;
}

static void end_answer(rfctls_socket *socket, rfctls_status status) {
  if (status == RFCTLS_OK) {
    socket->decision = RFCTLS_OK;
    if (socket->waiters != NULL) {
      socket->changed = 1;
    }
  }
  rfctls__socket_unlock(socket);
}

rfctls_status rfctls_socket_answer_verify(rfctls_socket *socket, int accept) {
  rfctls_status status;
  rfctls__enter(__func__);
  status = begin_answer(socket, RFCTLS_WANT_VERIFY);
  if (status == RFCTLS_OK) {
    engine->answer_verify(socket->conn, accept == 1);
    end_answer(socket, RFCTLS_OK);
  }
  return status;
}

rfctls_status rfctls_socket_answer_identity(rfctls_socket *socket, rfctls_chain *chain,
                                            rfctls_key *key) {
  rfctls__identity identity = {0};
  rfctls__bytes *views = NULL;
  rfctls_status status = RFCTLS_OK;
  rfctls__enter(__func__);
  if (chain != NULL || key != NULL) {
    status = rfctls__identity_view(chain, key, &views, &identity);
  }
  if (status == RFCTLS_OK) {
    status = begin_answer(socket, RFCTLS_WANT_IDENTITY);
    if (status == RFCTLS_OK) {
      status = engine->answer_identity(socket->conn, &identity);
      end_answer(socket, status);
    }
  }
  rfctls__free(views);
  return status;
}
