/*
 * detect/coercion.c - hosts that are made to log in elsewhere (PetitPotam, PrinterBug and kin).
 *
 * Idea: some calls take the path of a file or the name of a machine, and the server goes there with
 * its own account: MS-EFSR (PetitPotam), MS-RPRN change notifications (PrinterBug), MS-FSRVP
 * (ShadowCoerce), MS-DFSNM (DFSCoerce), MS-EVEN (CheeseOunce).  In ordinary use the path lies on
 * the server itself, and a print client names itself.  A path on another host, given as an address,
 * and above all the server's connection there within seconds tell the attack.
 * Where SMB itself is encrypted the calls are not seen: what remains is that the server, within
 * seconds of such a session, logs in to the host that came by NTLM with its own account.
 * Evasion: encryption, and a log-in at a third host; other calls that nobody knows yet.
 * False alarms: print clients that name themselves by address and fail; servers that reach each
 * other by address, both ways.
 */
#include <string.h>
#include <strings.h>

#include "acts.h"

enum mark {
	MARK_FILE,
	MARK_SHARE,
	MARK_WATCH,
	MARK_OTHER_HOST,
	MARK_ADDRESS,
	MARK_WENT,
	MARK_BACK,
	MARK_MANY,
	MARK_HIDDEN,
	MARK_LOGGED_BACK,
	MARK_REFUSED,
};

#define BIT(m)          (1u << (m))
#define RECENT          32
#define BACK_NS         (10ull * 1000000000ull)
#define MANY            4u
#define ACCESS_DENIED   5
#define BAD_NETPATH     53
#define INVALID_HANDLE  6
#define BAD_NET_NAME    67
#define RPC_UNAVAILABLE 1722

struct recent { /* a call that may bring a connection */
	struct ipaddr client, server, named;
	uint64_t steady_ns;
	uint32_t tunnel_key;
	uint16_t sport, dport;
};

struct hidden { /* a session of SMB that went on encrypted */
	struct ipaddr client, server;
	uint64_t steady_ns;
	uint32_t tunnel_key, pad;
};

struct state {
	struct acts acts;
	struct hidden hidden[RECENT];
	unsigned next_hidden;
	struct recent recent[RECENT];
	unsigned next;
};

static const struct acts_mark marks[] = {
	[MARK_FILE] = { "file_call", 0.3,
			"a call of the encrypting file system or the event log took a path", NULL },
	[MARK_SHARE] = { "share_call", 0.2, "a call about shares took the name of a host", NULL },
	[MARK_WATCH] = { "printer_watched", 0.15, "changes of a printer were to be told to a host",
			 NULL },
	[MARK_OTHER_HOST] = { "other_host", 0.25, "the host named is not the one that was asked",
			      NULL },
	[MARK_ADDRESS] = { "address", 0.15, "it is named by its address", NULL },
	[MARK_WENT] = { "answer", 0.15, "the answer says that the server went there in vain",
			NULL },
	[MARK_BACK] = { "connected", 0.3, "within ten seconds the server connected there", NULL },
	[MARK_MANY] = { "many_calls", 0.15, "four such calls and more", NULL },
	[MARK_HIDDEN] = { "hidden", 0.2, "a session of SMB was opened and encrypted", NULL },
	[MARK_LOGGED_BACK] = { "logged_back", 0.3,
			       "within ten seconds the server logged in there by NTLM, as itself",
			       NULL },
	[MARK_REFUSED] = { "refused", 0.15, "and was refused, as by who only collects log-ins",
			   NULL },
	{ NULL, 0, NULL, NULL },
};

static void note_hidden(struct state *s, const struct detect_env *env, const struct event *e)
{
	if (((const struct event_smb *)e)->act != SMB_HIDDEN)
		return;
	s->hidden[s->next_hidden++ % RECENT] = (struct hidden){ .client = e->src,
								.server = e->dst,
								.steady_ns = env->steady_ns,
								.tunnel_key = e->tunnel_key };
}

static bool is_own_account(const struct event_login *e)
{
	const uint8_t *user = event_str_data(&e->e, &e->user);
	return e->method == LOGIN_HASH && e->user.off && e->user.len &&
	       user[e->user.len - 1] == '$';
}

/* A server's account logs in to the host that it has an encrypted session of. */
static void on_login(struct state *s, const struct detect_env *env, const struct event *event)
{
	const struct event_login *e = (const struct event_login *)event;
	if (!is_own_account(e))
		return;
	for (unsigned i = 0; i < RECENT; i++) {
		const struct hidden *h = &s->hidden[i];
		if (!h->steady_ns || env->steady_ns - h->steady_ns > BACK_NS ||
		    h->tunnel_key != event->tunnel_key || !ipaddr_equal(&h->client, &event->dst) ||
		    !ipaddr_equal(&h->server, &event->src))
			continue;
		struct act *a = acts_of(&s->acts, env, event, true);
		if (!a)
			return;
		a->is_sealed = true;
		acts_note(&s->acts, env, event, a,
			  BIT(MARK_HIDDEN) | BIT(MARK_LOGGED_BACK) |
				  (e->outcome == LOGIN_FAILURE ? BIT(MARK_REFUSED) : 0));
		return;
	}
}

static void message(struct finding *f, const struct act *a, const char *from, const char *to)
{
	finding_text(f->message, sizeof(f->message), "%s told %s to log in %s%s%s%s", from, to,
		     a->detail[0] ? "at " : "elsewhere", a->detail, a->object[0] ? ", by " : "",
		     a->object);
}

static const struct acts_rule rule = {
	.step = { .detector = "coercion",
		  .rule = "coercion",
		  .title = "Host made to log in elsewhere",
		  .class = FINDING_LATERAL,
		  .techniques = { "T1187" },
		  .tactic = "TA0006",
		  .unseen = "what was done with the log-in: a relay to a third host",
		  .next_steps = { "Look for log-ins of the server's computer account from the host "
				  "named, certificate requests above all (AD CS)",
				  "Require signing and channel binding where its log-in could be "
				  "relayed; stop the print spooler on controllers" } },
	.marks = marks,
	.habit = BIT(MARK_WATCH),
	.not_harmless = "these calls are about the server's own files and printers, and a print "
			"client names itself: here the server was sent to a host by the caller",
	.message = message,
};

static bool went_there(const struct event_rpc *e)
{
	static const uint32_t codes[] = { ACCESS_DENIED, INVALID_HANDLE, BAD_NETPATH, BAD_NET_NAME,
					  RPC_UNAVAILABLE };
	for (size_t i = 0; e->is_answered && !e->is_sealed && i < sizeof(codes) / 4; i++)
		if ((e->status & 0xffff) == codes[i])
			return true;
	return false;
}

static uint32_t marks_of_host(const struct detect_env *env, const struct event_rpc *e,
			      const char *host, struct ipaddr *ret_named)
{
	uint32_t found = 0;
	if (ipaddr_parse(host, ret_named) == 0)
		found |= BIT(MARK_ADDRESS);
	if (!act_is_host(env, host, &e->e.dst))
		found |= BIT(MARK_OTHER_HOST);
	return found;
}

/* The host that the server is sent to, where it is not its own. */
static bool named_host(char *dst, size_t size, const struct event_rpc *e, int kind)
{
	char path[ACTS_DETAIL];
	(void)step_string(path, sizeof(path), &e->e, &e->detail);
	if (act_unc_host(dst, size, path))
		return strcmp(dst, ".") != 0 && strcmp(dst, "?") != 0 &&
		       strcasecmp(dst, "localhost") != 0;
	/* DFS and printers take a bare name as well */
	finding_text(dst, size, "%s", path);
	return kind != MARK_FILE && path[0] && !strchr(path, ':') && !strchr(path, '\\');
}

static void on_call(struct state *s, const struct detect_env *env, const struct event_rpc *e,
		    int kind)
{
	char host[64] = "";
	struct recent *r = &s->recent[s->next];
	memset(r, 0, sizeof(*r));
	uint32_t found = BIT(kind);
	if (e->detail.off) {
		if (!named_host(host, sizeof(host), e, kind) || act_is_host(env, host, &e->e.dst))
			return; /* of the server itself */
		uint32_t of_host = marks_of_host(env, e, host, &r->named);
		/* a print client's own name is what is expected; it has no use for addresses */
		if (kind != MARK_WATCH || (of_host & BIT(MARK_ADDRESS)))
			found |= of_host;
	} else if (!e->is_sealed && e->act == RPC_CALL) {
		return;
	}
	if (went_there(e))
		found |= BIT(MARK_WENT);
	struct act *a = acts_of(&s->acts, env, &e->e, false);
	if (!a)
		return;
	r->client = e->e.src;
	r->server = e->e.dst;
	r->steady_ns = env->steady_ns;
	r->tunnel_key = e->e.tunnel_key;
	r->sport = e->e.sport;
	r->dport = e->e.dport;
	s->next = (s->next + 1) % RECENT;
	a->is_sealed |= e->is_sealed;
	(void)step_string(a->object, sizeof(a->object), &e->e, &e->operation);
	if (host[0])
		finding_text(a->detail, sizeof(a->detail), "%s", host);
	if (++a->number >= MANY && kind != MARK_WATCH)
		found |= BIT(MARK_MANY);
	acts_note(&s->acts, env, &e->e, a, found);
}

/* A new connection of a server that was just sent somewhere. */
static void on_connection(struct state *s, const struct detect_env *env, const struct event *e)
{
	if (e->dport != 445 && e->dport != 139 && e->dport != 80 && e->dport != 135)
		return;
	for (unsigned i = 0; i < RECENT; i++) {
		const struct recent *r = &s->recent[i];
		if (!r->steady_ns || env->steady_ns - r->steady_ns > BACK_NS ||
		    r->tunnel_key != e->tunnel_key || !ipaddr_equal(&r->server, &e->src) ||
		    (!ipaddr_equal(&r->named, &e->dst) && !ipaddr_equal(&r->client, &e->dst)))
			continue;
		struct event back = *e;
		back.src = r->client;
		back.dst = r->server;
		back.sport = r->sport;
		back.dport = r->dport;
		struct act *a = acts_known(&s->acts, env, &back, false);
		/* a print server tells its client of changes: that alone is no sign */
		uint32_t sent =
			BIT(MARK_FILE) | BIT(MARK_SHARE) | BIT(MARK_ADDRESS) | BIT(MARK_WENT);
		if (a && (a->marks & sent) && !(a->marks & BIT(MARK_BACK)))
			acts_note(&s->acts, env, &back, a, BIT(MARK_BACK));
		return;
	}
}

static const char *const efs[] = { "EfsRpcOpenFileRaw",
				   "EfsRpcEncryptFileSrv",
				   "EfsRpcDecryptFileSrv",
				   "EfsRpcQueryUsersOnFile",
				   "EfsRpcQueryRecoveryAgents",
				   "EfsRpcRemoveUsersFromFile",
				   "EfsRpcAddUsersToFile",
				   "EfsRpcFileKeyInfo",
				   "EfsRpcDuplicateEncryptionInfoFile",
				   "EfsRpcAddUsersToFileEx",
				   "EfsRpcFileKeyInfoEx",
				   "EfsRpcGetEncryptedFileMetadata",
				   "EfsRpcEncryptFileExSrv",
				   NULL };
static const char *const shares[] = { "NetrDfsAddStdRoot",
				      "NetrDfsRemoveStdRoot",
				      "NetrDfsAddFtRoot",
				      "NetrDfsRemoveFtRoot",
				      "IsPathSupported",
				      "IsPathShadowCopied",
				      NULL };
static const char *const watches[] = { "RpcRemoteFindFirstPrinterChangeNotification",
				       "RpcRemoteFindFirstPrinterChangeNotificationEx", NULL };
static const char *const logs[] = { "ElfrOpenBELW", "ElfrOpenBELA", NULL };

static void on_event(void *state, const struct detect_env *env, const struct event *event)
{
	struct state *s = state;
	const struct event_rpc *e = (const struct event_rpc *)event;
	if (event->kind == EVENT_FLOW_START) {
		on_connection(s, env, event);
		return;
	}
	if (event->kind == EVENT_SMB) {
		note_hidden(s, env, event);
		return;
	}
	if (event->kind == EVENT_LOGIN) {
		on_login(s, env, event);
		return;
	}
	if (e->act != RPC_CALL && e->act != RPC_FAULT)
		return;
	if (step_is(event, &e->interface, "efsrpc") && act_operation(e, efs) >= 0)
		on_call(s, env, e, MARK_FILE);
	else if (step_is(event, &e->interface, "eventlog") && act_operation(e, logs) >= 0)
		on_call(s, env, e, MARK_FILE);
	else if (act_operation(e, shares) >= 0 && (step_is(event, &e->interface, "netdfs") ||
						   step_is(event, &e->interface, "fsrvp")))
		on_call(s, env, e, MARK_SHARE);
	else if (step_is(event, &e->interface, "spoolss") && act_operation(e, watches) >= 0)
		on_call(s, env, e, MARK_WATCH);
}

static int init(void *state, const void *params, const struct detect_env *env)
{
	return acts_init(&((struct state *)state)->acts, &rule, params, env);
}

static void keep(void *state, struct keep_list *list)
{
	acts_keep(&((struct state *)state)->acts, list, "coercion.pairs");
}

const struct detector coercion_detector = {
	.name = "coercion",
	.title = "Host made to log in elsewhere",
	.idea = "Looks for calls that send a server to another host, and for its connection there",
	.params = acts_param_table,
	.params_size = sizeof(struct acts_params),
	.state_size = sizeof(struct state),
	.wants = 1ull << EVENT_RPC | 1ull << EVENT_FLOW_START | 1ull << EVENT_SMB |
		 1ull << EVENT_LOGIN,
	.init = init,
	.deinit = acts_deinit,
	.on_event = on_event,
	.keep = keep,
	.counters = acts_counters,
};
