/*
 * detect/admin_share_copy/explain.c - the words and weights of its findings.
 */
#include <math.h>

#include "exfild/base/str.h"
#include "../smb_marks.h"
#include "admin_share_copy.h"

#define NAME_SHOWN  96
#define SHARE_SHOWN 24

static const char unseen[] =
	"what the program does, and whether somebody has run it: services, tasks and WMI are other "
	"detectors' matter; with Kerberos, who it was";

static const struct step_rule rule_put = {
	.detector = "admin_share_copy",
	.rule = "admin_share_copy",
	.title = "Program copied to an administrative share",
	.class = FINDING_LATERAL,
	.techniques = { "T1021.002", "T1570" },
	.tactic = "TA0008",
	.unseen = unseen,
	.next_steps = { "find the file on the destination and hash it",
			"ask who administers both hosts whether they copied it",
			"look for a service, task or process made on the destination right after" },
};

static const struct step_rule rule_pull = {
	.detector = "admin_share_copy",
	.rule = "admin_share_copy",
	.title = "Program fetched from an administrative share",
	.class = FINDING_LATERAL,
	.techniques = { "T1570", "T1021.002" },
	.tactic = "TA0008",
	.unseen = unseen,
	.next_steps = { "find the file on both hosts and hash it",
			"ask who administers both hosts whether they fetched it" },
};

static const struct step_rule rule_bulk = {
	.detector = "admin_share_copy",
	.rule = "admin_share_copy",
	.title = "Bulk copy over an administrative share",
	.class = FINDING_LATERAL,
	.techniques = { "T1039", "T1021.002", "T1570" },
	.tactic = "TA0009",
	.unseen = "what is in the files; with Kerberos, who it was",
	.next_steps = { "list the files (exfild --events) and ask the owner of the destination",
			"if it is a backup, except it by source and destination" },
};

static const struct step_rule rule_walk = {
	.detector = "admin_share_copy",
	.rule = "admin_share_copy",
	.title = "Administrative share walked through",
	.class = FINDING_LATERAL,
	.techniques = { "T1021.002", "T1083", "T1039" },
	.tactic = "TA0008",
	.unseen = "what was looked for; with Kerberos, who it was",
	.next_steps = { "see which files were opened after (exfild --events)",
			"if it is a backup or inventory, except it by source and destination" },
};

struct names {
	char name[NAME_SHOWN], share[SHARE_SHOWN];
	char from[IPADDR_TEXT_MAX], to[IPADDR_TEXT_MAX];
};

static void get_names(struct names *n, const struct finding *f, const struct event_smb *e)
{
	step_string(n->name, sizeof(n->name), &e->e, &e->name);
	step_string(n->share, sizeof(n->share), &e->e, &e->share);
	step_ends(f, n->from, n->to);
}

static void weigh_known(struct finding *f, bool is_known)
{
	if (is_known)
		finding_feature(f, "known_source", 1, NAN, NAN, -0.3, -0.3,
				"is known to administer several hosts on several days");
}

static bool is_in_system(const struct event_smb *e)
{
	static const char windows[] = "Windows\\";
	char name[sizeof(windows)];
	step_string(name, sizeof(name), &e->e, &e->name);
	struct event_str head = e->name;
	head.len = head.len < sizeof(windows) - 1 ? head.len : (uint16_t)(sizeof(windows) - 1);
	return step_is(&e->e, &e->share, "ADMIN$") || step_is(&e->e, &head, windows);
}

void copy_tell_program(const struct detect_env *env, const struct event_smb *e, enum copy_way way,
		       bool is_known)
{
	struct finding f;
	struct names n;
	bool by_bytes = e->file_type == FILE_EXECUTABLE || e->file_type == FILE_SCRIPT;
	bool by_name = smb_is_program_name(&e->e, &e->name);
	step_begin(&f, way == COPY_PUT ? &rule_put : &rule_pull, env, &e->e);
	get_names(&n, &f, e);
	finding_text(f.object, sizeof(f.object), "%s\\%s", n.share, n.name);
	finding_feature(&f, way == COPY_PUT ? "share_write" : "share_read", 1, NAN, NAN, 0.35, 0.35,
			"%s %s, and the server %s it", way == COPY_PUT ? "wrote to" : "read from",
			n.share, way == COPY_PUT ? "took" : "gave");
	if (by_bytes)
		finding_feature(&f, "program", 1, NAN, NAN, 0.25, 0.25,
				"its first bytes are those of %s",
				e->file_type == FILE_SCRIPT ? "a script" : "a program");
	else
		finding_feature(&f, "program_name", 1, NAN, NAN, 0.2, 0.2,
				"its name is that of a program");
	if (by_bytes && !by_name)
		finding_feature(&f, "other_name", 1, NAN, NAN, 0.1, 0.1,
				"its name is not that of a program");
	if (way == COPY_PUT && is_in_system(e))
		finding_feature(&f, "system_folder", 1, NAN, NAN, 0.15, 0.15,
				"into the folder of Windows");
	weigh_known(&f, is_known);
	finding_text(f.message, sizeof(f.message), "%s %s %s\\%s of %s: %s", n.from,
		     way == COPY_PUT ? "wrote" : "fetched", n.share, n.name, n.to,
		     by_bytes ? "a program by its bytes" : "a program by its name");
	finding_text(
		f.counterfactual, sizeof(f.counterfactual),
		"silent if the file were no program, or on a share that is not administrative");
	finding_text(
		f.not_harmless, sizeof(f.not_harmless),
		"users cannot reach this share: who used it holds an administrator's rights on "
		"%s; software distribution does so too, from hosts that administer many",
		n.to);
	step_raise(&f, env);
}

void copy_tell_bulk(const struct detect_env *env, const struct event_smb *e,
		    const struct copy_pair *p, const struct copy_params *params, enum copy_way way,
		    bool is_known)
{
	struct finding f;
	struct names n;
	char bytes[32];
	step_begin(&f, &rule_bulk, env, &e->e);
	get_names(&n, &f, e);
	str_bytes(bytes, sizeof(bytes), (double)p->bytes[way]);
	f.start_ns = p->first_ns;
	f.count = p->files[way];
	finding_text(f.object, sizeof(f.object), "%s %s", way == COPY_PUT ? "to" : "from", n.share);
	finding_feature(&f, "files", (double)p->files[way], NAN, (double)params->bulk_files, 0.5,
			0.5, "%llu files, %s in ten minutes", (unsigned long long)p->files[way],
			bytes);
	if (p->files[way] >= 8 * params->bulk_files)
		finding_feature(&f, "many", (double)p->files[way], NAN,
				8 * (double)params->bulk_files, 0.2, 0.2, "many times the limit");
	weigh_known(&f, is_known);
	finding_text(f.message, sizeof(f.message), "%s %s %llu files (%s) %s %s of %s", n.from,
		     way == COPY_PUT ? "put" : "pulled", (unsigned long long)p->files[way], bytes,
		     way == COPY_PUT ? "on" : "from", n.share, n.to);
	finding_text(f.counterfactual, sizeof(f.counterfactual),
		     "silent below %llu files or below %llu B in ten minutes",
		     (unsigned long long)params->bulk_files,
		     (unsigned long long)params->bulk_bytes);
	finding_text(
		f.not_harmless, sizeof(f.not_harmless),
		"users cannot reach this share: who used it holds an administrator's rights on "
		"%s; backups do so too, every day from the same host",
		n.to);
	step_raise(&f, env);
}

void copy_tell_walk(const struct detect_env *env, const struct event_smb *e,
		    const struct copy_pair *p, const struct copy_params *params, bool is_known)
{
	struct finding f;
	struct names n;
	step_begin(&f, &rule_walk, env, &e->e);
	get_names(&n, &f, e);
	f.start_ns = p->first_ns;
	f.count = p->folders;
	finding_text(f.object, sizeof(f.object), "folders of %s", n.share);
	finding_feature(&f, "folders", (double)p->folders, NAN, (double)params->walked_folders, 0.5,
			0.5, "%llu folders listed in ten minutes", (unsigned long long)p->folders);
	if (p->folders >= 8 * params->walked_folders)
		finding_feature(&f, "many", (double)p->folders, NAN,
				8 * (double)params->walked_folders, 0.2, 0.2,
				"many times the limit");
	weigh_known(&f, is_known);
	finding_text(f.message, sizeof(f.message),
		     "%s walked through %s of %s: %llu folders within ten minutes", n.from, n.share,
		     n.to, (unsigned long long)p->folders);
	finding_text(f.counterfactual, sizeof(f.counterfactual),
		     "silent below %llu folders in ten minutes",
		     (unsigned long long)params->walked_folders);
	finding_text(f.not_harmless, sizeof(f.not_harmless),
		     "users cannot reach this share, and nobody opens that many folders by hand: a "
		     "program looks through or copies the disk of %s",
		     n.to);
	step_raise(&f, env);
}
