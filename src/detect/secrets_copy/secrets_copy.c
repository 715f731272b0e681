/*
 * detect/secrets_copy/secrets_copy.c - stores of passwords that pass over SMB.
 *
 * Idea: the directory database (ntds.dit), the hives SAM, SYSTEM and SECURITY and the memory of
 * lsass hold every password's hash.  Tools that dump them save a copy on the victim and fetch it by
 * SMB, mostly from ADMIN$ or C$ under a name of their own: the first bytes tell what it is (ESE,
 * regf, MDMP; MS-ESEDB and regf are described by Metz, minidumps by MSDN).  Names tell it where
 * bytes cannot.
 * Evasion: packing or encrypting the copy first; another protocol; encrypted SMB 3.
 * False alarms: roaming profiles carry hives of users, crash dumps are collected, other databases
 * are ESE too: their names and the share weigh against them.  Backup by administrative shares.
 */
#include <math.h>
#include <string.h>
#include <strings.h>

#include "exfild/base/str.h"
#include "../smb_marks.h"
#include "../step.h"

#define BYTES_MIN  4096u /* less is a look, not a copy */
#define NAME_SHOWN 96

struct params {
	double alert_score;
};

struct state {
	const struct params *params;
	uint64_t findings;
};

static const struct param params[] = { { "alert_score", PARAM_DOUBLE,
					 offsetof(struct params, alert_score), 0.35, 1, 0.45, "",
					 "Score from which it is told" },
				       PARAM_END };

enum kind { KIND_DIRECTORY, KIND_HIVE, KIND_MEMORY, KIND__COUNT };

static const char unseen[] = "what else was taken from the host; whether passwords were cracked";

static const struct step_rule rules[KIND__COUNT] = {
	[KIND_DIRECTORY] = {
		.detector = "secrets_copy",
		.rule = "secrets_copy",
		.title = "Directory database copied",
		.class = FINDING_LATERAL,
		.techniques = { "T1003.003" },
		.tactic = "TA0006",
		.unseen = unseen,
		.next_steps = { "treat every password of the domain as known to the attacker",
				"find what made the copy on the domain controller (ntdsutil, vssadmin)" },
	},
	[KIND_HIVE] = {
		.detector = "secrets_copy",
		.rule = "secrets_copy",
		.title = "Registry hive with passwords copied",
		.class = FINDING_LATERAL,
		.techniques = { "T1003.002" },
		.tactic = "TA0006",
		.unseen = unseen,
		.next_steps = { "change the passwords of local and service accounts of the host",
				"find what saved the hive (reg save, remote registry)" },
	},
	[KIND_MEMORY] = {
		.detector = "secrets_copy",
		.rule = "secrets_copy",
		.title = "Memory dump with passwords copied",
		.class = FINDING_LATERAL,
		.techniques = { "T1003.001" },
		.tactic = "TA0006",
		.unseen = unseen,
		.next_steps = { "change the passwords of all who were logged in on the host",
				"find what made the dump (comsvcs.dll, procdump, task manager)" },
	},
};

/* What a file is told by. */
struct marks {
	bool by_bytes, by_name, on_admin_share, has_own_name;
};

static bool base_is(const char *base, size_t len, const char *text)
{
	return len == strlen(text) && strncasecmp(base, text, len) == 0;
}

static bool base_begins(const char *base, size_t len, const char *text)
{
	return len >= strlen(text) && strncasecmp(base, text, strlen(text)) == 0;
}

/* "SAM", and what people save it as: "sam.save", "system.hive". */
static bool is_hive_name(const char *base, size_t len)
{
	static const char *const hives[] = { "SAM", "SYSTEM", "SECURITY" };
	static const char *const ends[] = { "",     ".save", ".sav", ".hive",
					    ".hiv", ".bak",  ".old", ".reg" };
	for (unsigned h = 0; h < sizeof(hives) / sizeof(hives[0]); h++) {
		size_t n = strlen(hives[h]);
		if (!base_begins(base, len, hives[h]))
			continue;
		for (unsigned i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
			if (base_is(base + n, len - n, ends[i]))
				return true;
	}
	return false;
}

/* Hives of users and of programs, which profiles and updates carry about. */
static bool is_users_hive(const struct event_smb *e, const char *base, size_t len)
{
	return base_begins(base, len, "ntuser") || base_begins(base, len, "usrclass") ||
	       base_begins(base, len, "settings.dat") || base_begins(base, len, "bcd") ||
	       smb_ends_with(&e->e, &e->name, ".hve") || smb_ends_with(&e->e, &e->name, ".man");
}

/* Databases of Exchange, of the search and of updates are of the same form. */
static bool is_other_database(const struct event_smb *e)
{
	static const char *const ends[] = { ".edb", ".sdb", ".mdb", ".dat", ".db", ".chk", ".jfm" };
	for (unsigned i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (smb_ends_with(&e->e, &e->name, ends[i]))
			return true;
	return false;
}

static bool look(const struct event_smb *e, enum kind *ret_kind, struct marks *m)
{
	size_t len;
	const char *base = smb_base_name(&e->e, &e->name, &len);
	*m = (struct marks){ .on_admin_share = smb_is_admin_share(&e->e, &e->share) };
	bool is_ntds = base_begins(base, len, "ntds.dit");
	bool is_hive = is_hive_name(base, len);
	bool is_lsass = base_begins(base, len, "lsass") && smb_ends_with(&e->e, &e->name, ".dmp");
	switch (e->file_type) {
	case FILE_DIRECTORY:
		*ret_kind = KIND_DIRECTORY;
		m->by_bytes = true;
		m->by_name = is_ntds;
		m->has_own_name = !is_ntds && is_other_database(e);
		return true;
	case FILE_REGISTRY:
		*ret_kind = KIND_HIVE;
		m->by_bytes = true;
		m->by_name = is_hive;
		m->has_own_name = !is_hive && is_users_hive(e, base, len);
		return true;
	case FILE_MEMORY:
		*ret_kind = KIND_MEMORY;
		m->by_bytes = true;
		m->by_name = is_lsass;
		return true;
	case FILE_UNKNOWN:
		break;
	default: /* the bytes say that it is something else */
		return false;
	}
	*ret_kind = is_ntds ? KIND_DIRECTORY : is_hive ? KIND_HIVE : KIND_MEMORY;
	m->by_name = is_ntds || is_lsass || (is_hive && m->on_admin_share);
	return m->by_name;
}

static void explain(struct finding *f, const struct event_smb *e, enum kind kind,
		    const struct marks *m)
{
	static const char *const what[KIND__COUNT] = { "a directory database", "a registry hive",
						       "a memory dump" };
	char name[NAME_SHOWN], share[24], bytes[32], from[IPADDR_TEXT_MAX], to[IPADDR_TEXT_MAX];
	bool is_pull = e->read >= e->written;
	step_ends(f, from, to);
	step_string(name, sizeof(name), &e->e, &e->name);
	step_string(share, sizeof(share), &e->e, &e->share);
	str_bytes(bytes, sizeof(bytes), (double)(is_pull ? e->read : e->written));
	finding_text(f->object, sizeof(f->object), "%s\\%s", share, name);
	finding_text(f->message, sizeof(f->message), "%s %s %s\\%s (%s) %s %s: %s", from,
		     is_pull ? "fetched" : "put", share, name, bytes, is_pull ? "from" : "on", to,
		     what[kind]);
	finding_text(
		f->not_harmless, sizeof(f->not_harmless),
		"%s holds the hashes of passwords, and nobody works with it over the network%s",
		what[kind],
		m->by_bytes && !m->by_name ? "; its name hides what its bytes say" : "");
	finding_text(f->counterfactual, sizeof(f->counterfactual),
		     "silent below %u B of it, or if neither bytes nor name were those of %s",
		     BYTES_MIN, what[kind]);
}

static void judge(struct state *s, const struct detect_env *env, const struct event_smb *e)
{
	struct finding f;
	struct marks m;
	enum kind kind;
	if (!look(e, &kind, &m) || m.has_own_name)
		return;
	step_begin(&f, &rules[kind], env, &e->e);
	if (m.by_bytes)
		finding_feature(&f, "content", 1, NAN, NAN, 0.35, 0.35,
				"its first bytes are those of such a file");
	if (m.by_name)
		finding_feature(&f, "name", 1, NAN, NAN, m.by_bytes ? 0.4 : 0.5,
				m.by_bytes ? 0.4 : 0.5, "its name is that of such a file");
	if (m.on_admin_share)
		finding_feature(&f, "admin_share", 1, NAN, NAN, 0.3, 0.3,
				"over an administrative share");
	if (m.by_bytes && !m.by_name && m.on_admin_share)
		finding_feature(&f, "hidden_name", 1, NAN, NAN, 0.1, 0.1,
				"under a name that does not say so");
	double score = step_score(&f);
	if (score + 1e-9 < s->params->alert_score)
		return;
	explain(&f, e, kind, &m);
	s->findings++;
	step_raise(&f, env);
}

static void on_event(void *state, const struct detect_env *env, const struct event *event)
{
	const struct event_smb *e = (const struct event_smb *)event;
	if (e->act != SMB_CLOSE || e->is_pipe || (e->status && e->status != SMB_NO_ANSWER))
		return;
	if (e->read < BYTES_MIN && e->written < BYTES_MIN)
		return;
	judge(state, env, e);
}

static int init(void *state, const void *parameters, const struct detect_env *env)
{
	struct state *s = state;
	(void)env;
	s->params = parameters;
	return 0;
}

static void deinit(void *state)
{
	(void)state;
}

static void counters(const void *state, struct detector_counters *ret)
{
	const struct state *s = state;
	*ret = (struct detector_counters){ .findings = s->findings,
					   .worst_case_bytes = sizeof(*s) };
}

const struct detector secrets_copy_detector = {
	.name = "secrets_copy",
	.title = "Stores of passwords over SMB",
	.idea = "ntds.dit, hives and memory dumps that pass, by their first bytes and names",
	.params = params,
	.params_size = sizeof(struct params),
	.state_size = sizeof(struct state),
	.wants = 1ull << EVENT_SMB,
	.init = init,
	.deinit = deinit,
	.on_event = on_event,
	.counters = counters,
};
