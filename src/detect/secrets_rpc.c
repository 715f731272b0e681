/*
 * detect/secrets_rpc.c - secrets of a host or domain that are fetched by remote calls.
 *
 * Idea: the key that protects a host's secrets is scattered over four registry keys below Control\
 * Lsa, whose classes nobody else reads; account hashes and service passwords lie in the hives SAM
 * and SECURITY, which secretsdump saves to a file (MS-RRP BaseRegSaveKey); LSA hands out secrets
 * to who may ask (MS-LSAD LsarRetrievePrivateData, LsarQuerySecret), among them the domain's backup
 * keys (G$BCKUPKEY_...), which open every user's protected data.  MS-BKRP alone is what each
 * user's own host asks.
 * Evasion: working on the host itself, copies of the disk, encryption.
 * False alarms: a backup program that saves hives remotely.
 */
#include <string.h>
#include <strings.h>

#include "acts.h"

enum mark {
	MARK_BOOT_KEY,
	MARK_SAVED,
	MARK_HIVE,
	MARK_KEYS,
	MARK_SECRET,
	MARK_BACKUP,
	MARK_ASKED,
	MARK_OPENED,
	MARK_MANY,
	MARK_REFUSED
};

#define BIT(m)      (1u << (m))
#define OPENED_LEN  300u /* of a call: a public key is asked for in fewer bytes */
#define MANY_OPENED 4u
#define BOOT_KEYS   2u /* of the four: one alone may be a search */

static const struct acts_mark marks[] = {
	[MARK_BOOT_KEY] = { "boot_key", 0.6,
			    "the parts of the key that protects the host's secrets were opened",
			    "T1003.002" },
	[MARK_SAVED] = { "hive_saved", 0.5, "a part of the registry was saved to a file",
			 "T1003.002" },
	[MARK_HIVE] = { "secret_hive", 0.3, "it was one that holds account hashes or secrets",
			NULL },
	[MARK_KEYS] = { "secret_keys", 0.5, "keys that hold account hashes or secrets were opened",
			"T1003.004" },
	[MARK_SECRET] = { "secret_fetched", 0.55, "a secret of LSA was fetched", "T1003.004" },
	[MARK_BACKUP] = { "backup_key", 0.35, "it was a backup key of the domain", "T1555" },
	[MARK_ASKED] = { "backup_service", 0.2, "the backup key service was used", "T1555" },
	[MARK_OPENED] = { "protected_data", 0.15, "it was given protected data of a user to open",
			  NULL },
	[MARK_MANY] = { "many_opened", 0.15, "four times and more", NULL },
	[MARK_REFUSED] = { "refused", -0.2, "the host refused", NULL },
	{ NULL, 0, NULL, NULL },
};

static void message(struct finding *f, const struct act *a, const char *from, const char *to)
{
	bool is_refused = (a->marks & BIT(MARK_REFUSED)) != 0;
	const char *what =
		a->marks & BIT(MARK_BACKUP) ?
			(is_refused ? "asked in vain for the domain's backup key of" :
				      "fetched the domain's backup key from") :
		a->marks & BIT(MARK_SECRET) ?
			(is_refused ? "asked in vain for a secret of" : "fetched a secret of") :
		a->marks & BIT(MARK_SAVED) ?
			(is_refused ? "tried to save account hashes or secrets of" :
				      "saved account hashes or secrets of") :
		a->marks & BIT(MARK_BOOT_KEY) ? "read the key of all secrets of" :
						"asked for secrets of";
	finding_text(f->message, sizeof(f->message), "%s %s %s%s%s", from, what, to,
		     a->detail[0] ? ": " : "", a->detail);
}

static const struct acts_rule rule = {
	.step = { .detector = "secrets_rpc",
		  .rule = "secrets_rpc",
		  .title = "Secrets of a host fetched from afar",
		  .class = FINDING_LATERAL,
		  .techniques = { NULL },
		  .tactic = "TA0006",
		  .unseen = "whether the file with them was read afterwards by other ways",
		  .next_steps = { "Treat local accounts, service accounts and cached log-ins of the "
				  "host as known to the attacker: change their passwords",
				  "Look where these accounts log in from now on" } },
	.marks = marks,
	.habit = BIT(MARK_SAVED) | BIT(MARK_ASKED),
	.not_harmless = "management reads settings; none of it needs the key that protects "
			"secrets, the hives that hold them, or the secrets of LSA",
	.message = message,
};

static bool ends_with(const char *text, const char *const *ends)
{
	size_t len = strlen(text);
	for (; *ends; ends++)
		if (len >= strlen(*ends) && strcasecmp(text + len - strlen(*ends), *ends) == 0)
			return true;
	return false;
}

/* Says that it was refused until one try went through. */
static void note_try(struct acts *s, const struct detect_env *env, const struct event_rpc *e,
		     struct act *a, uint32_t found)
{
	uint32_t done = BIT(MARK_SAVED) | BIT(MARK_SECRET) | BIT(MARK_BACKUP);
	if (!act_is_refused(e))
		a->marks &= ~BIT(MARK_REFUSED);
	else if (!(a->marks & done) || (a->marks & BIT(MARK_REFUSED)))
		found |= BIT(MARK_REFUSED);
	acts_note(s, env, &e->e, a, found);
}

static void on_registry(struct acts *s, const struct detect_env *env, const struct event_rpc *e)
{
	static const char *const operations[] = { "BaseRegOpenKey", "BaseRegCreateKey",
						  "BaseRegSaveKey", "BaseRegSaveKeyEx", NULL };
	static const char *const boot[] = { "control\\lsa\\jd", "control\\lsa\\skew1",
					    "control\\lsa\\gbg", "control\\lsa\\data", NULL };
	static const char *const hives[] = { "sam", "security", "system", NULL };
	static const char *const keys[] = { "sam\\sam\\domains\\account", "policy\\secrets",
					    "security\\cache", "policy\\polekList", NULL };
	char text[ACTS_DETAIL];
	int op = act_operation(e, operations);
	if (op < 0)
		return;
	(void)step_string(text, sizeof(text), &e->e, &e->object);
	struct act *a = acts_of(s, env, &e->e, false);
	if (!a)
		return;
	if (op >= 2) {
		uint32_t hive = ends_with(a->object, hives) ? BIT(MARK_HIVE) : 0;
		finding_text(a->detail, sizeof(a->detail), "%s to %s",
			     a->object[0] ? a->object : "a key", text);
		a->is_sealed |= e->is_sealed;
		note_try(s, env, e, a, BIT(MARK_SAVED) | hive);
		return;
	}
	if (act_is_refused(e))
		return;
	finding_text(a->object, sizeof(a->object), "%s", text); /* what is saved is open */
	if (ends_with(text, boot) && ++a->number >= BOOT_KEYS)
		acts_note(s, env, &e->e, a, BIT(MARK_BOOT_KEY));
	if (act_has_word(text, keys)) {
		finding_text(a->detail, sizeof(a->detail), "%s", text);
		acts_note(s, env, &e->e, a, BIT(MARK_KEYS));
	}
}

static void on_lsa(struct acts *s, const struct detect_env *env, const struct event_rpc *e)
{
	static const char *const operations[] = { "LsarRetrievePrivateData", "LsarQuerySecret",
						  "LsarOpenSecret", NULL };
	static const char *const backup[] = { "bckupkey", NULL };
	int op = act_operation(e, operations);
	struct act *a = op < 0 ? NULL : acts_of(s, env, &e->e, false);
	if (!a)
		return;
	if (e->object.off)
		(void)step_string(a->detail, sizeof(a->detail), &e->e, &e->object);
	a->is_sealed |= e->is_sealed;
	uint32_t found = op <= 1 ? BIT(MARK_SECRET) : 0;
	if (act_has_word(a->detail, backup))
		found |= BIT(MARK_BACKUP);
	if (found)
		note_try(s, env, e, a, found);
}

/*
 * MS-BKRP 3.1.4.1: asking for the public key brings no data; opening a master key brings all of it,
 * hundreds of bytes.  Windows has it opened when a password was set by another, once a user.
 */
static void on_backup_key(struct acts *s, const struct detect_env *env, const struct event_rpc *e,
			  struct act *a)
{
	uint32_t found = BIT(MARK_ASKED);
	if (e->stub_len >= OPENED_LEN) {
		found |= BIT(MARK_OPENED);
		if (++a->number >= MANY_OPENED)
			found |= BIT(MARK_MANY);
	}
	a->is_sealed |= e->is_sealed;
	acts_note(s, env, &e->e, a, found);
}

static void on_event(void *state, const struct detect_env *env, const struct event *event)
{
	const struct event_rpc *e = (const struct event_rpc *)event;
	if (act_is_admin_try(event, "winreg")) {
		on_registry(state, env, e);
	} else if (act_is_admin_try(event, "lsarpc")) {
		on_lsa(state, env, e);
	} else if (act_is_admin_call(event, "BackupKey")) {
		struct act *a = acts_of(state, env, event, false);
		if (!a)
			return;
		on_backup_key(state, env, e, a);
	}
}

ACTS_DETECTOR(secrets_rpc, "Secrets of a host fetched from afar",
	      "Looks for remote calls that read the key of a host's secrets, save the hives that "
	      "hold them, or ask LSA for them",
	      1ull << EVENT_RPC, on_event);
