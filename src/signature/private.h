/*
 * signature/private.h - what the files of the signature layer share.
 *
 * A rule becomes instances: one for each kind of event that its log source maps to.  The searches
 * of a rule become predicates on columns (a field of a kind of event, seen in one way).  A column
 * holds what all predicates look for in it: exact values in a hash table, networks and numbers in
 * sorted arrays, everything else in databases of Hyperscan.  A predicate that is found to hold
 * wakes the instances that cannot match without it; their conditions are code of a few words.
 *
 * Ownership: struct signatures owns all; what lives as long as it lies in its arena.
 * Threads: one at a time.
 */
#ifndef EXFILD_SRC_SIGNATURE_PRIVATE_H
#define EXFILD_SRC_SIGNATURE_PRIVATE_H

#include <endian.h>
#include <hs/hs.h>

#include "exfild/base/arena.h"
#include "exfild/base/table.h"
#include "exfild/config/yaml.h"
#include "exfild/event/alert.h"
#include "exfild/signature/signature.h"

#define TEXT_STAR      256 /* '*' as a wildcard */
#define TEXT_ANY       257 /* '?' as a wildcard */
#define TEXT_MAX       4096
#define NONE           UINT32_MAX
#define EXPRESSION_MAX 1024
#define GROUP_FIELDS   8
#define CODE_DEPTH     32

/* Growing arrays: room for one more element, or false. */
struct vec {
	size_t count, cap;
};
bool vec_room(void *array, struct vec *v, size_t element);

/* --- text.c: values with wildcards --------------------------------------------------------- */

struct sig_text {
	uint16_t *c; /* bytes, TEXT_STAR, TEXT_ANY */
	uint32_t len;
};

bool text_parse(struct arena *a, const char *raw, struct sig_text *ret);
bool text_from_bytes(struct arena *a, const uint8_t *data, size_t len, struct sig_text *ret);
bool text_is_plain(const struct sig_text *t);
/* The bytes of a text without wildcards. */
char *text_bytes(struct arena *a, const struct sig_text *t);
/* As an expression for Hyperscan; *ret_inner: a wildcard stands between two bytes. */
char *text_expression(struct arena *a, const struct sig_text *t, bool *ret_inner);
/* Puts '*' in front, behind. */
bool text_surround(struct arena *a, struct sig_text *t, bool front, bool behind);
/* The longest run of bytes without a wildcard. */
uint32_t text_longest(const struct sig_text *t);

enum text_change {
	TEXT_BASE64,
	TEXT_BASE64_OFFSET, /* three texts */
	TEXT_UTF16LE,
	TEXT_UTF16BE,
	TEXT_UTF16, /* with a byte order mark; two texts */
	TEXT_WINDASH
};
#define TEXT_VARIANTS 625 /* five dashes in four places */
/* The texts that t becomes; NULL: memory is exhausted, or (why) it cannot be. */
struct sig_text *text_change(struct arena *a, const struct sig_text *t, enum text_change how,
			     size_t *ret_count, const char **ret_why);

/* --- source.c: where rules look ------------------------------------------------------------ */

enum view {
	VIEW_PLAIN,
	VIEW_LIST,        /* elements with commas between them */
	VIEW_QTYPE,       /* 16: "TXT" */
	VIEW_RCODE,       /* 3: "NXDOMAIN" */
	VIEW_PROTO,       /* 6: "tcp" */
	VIEW_APP,         /* "tls", and Zeek's name for it */
	VIEW_URL,         /* scheme, host and path of a request, and the path alone */
	VIEW_EITHER,      /* a path with its query, and what is behind the '?' */
	VIEW_STEM,        /* a path before its '?' */
	VIEW_QUERY,       /* what is behind the '?' */
	VIEW_EXTENSION,   /* of a path's last part */
	VIEW_UNC,         /* \\address\share */
	VIEW_OPERATION,   /* of a remote call, with and without its prefix */
	VIEW_UUID,        /* of a remote interface */
	VIEW_REQUEST,     /* of Kerberos: "AS", "TGS" */
	VIEW_CIPHER,      /* of Kerberos: "rc4-hmac" */
	VIEW_SECONDS,     /* how long a flow has lasted */
	VIEW_CONN_STATE,  /* how a flow went, as Zeek says it: "SF" */
	VIEW_SMB_ACTION,  /* "SMB::FILE_OPEN" */
	VIEW_SUCCESS,     /* of a login: "true" */
	VIEW_TLS_VERSION, /* 0x0303: "TLSv12" */
	VIEW_TLS_CIPHER,  /* 0x1301: "TLS_AES_128_GCM_SHA256" */
	VIEW_SERIAL,      /* of a certificate, with and without zeros in front */
	VIEW_DNS_AA,      /* bits of DNS's flags (RFC 1035, 4.1.1) */
	VIEW_DNS_TC,
	VIEW_DNS_RD,
	VIEW_DNS_RA,
	VIEW_DNS_Z,
	VIEW_DNS_REJECTED, /* an answer of nothing at all */
	VIEW_CONSTANT      /* always this text, or each of these with commas between */
};

struct source_field {
	const char *names; /* in rules, '|' between */
	const char *field; /* of the event; the text of a constant */
	enum view view;
	bool is_paired; /* read from the request that a response answers */
	bool is_asked;  /* the row is for rules that ask for this field alone */
};

struct source {
	const char *product, *category, *service; /* NULL: a rule must not name one; "*": may */
	enum event_kind kind;
	unsigned group;    /* of rows with one number, the first that has all fields is taken */
	const char *guard; /* a field whose value must be in `allowed`; NULL: none */
	uint32_t allowed;  /* 1u << value */
	const struct source_field *fields; /* besides those that all have; NULL: the event's own */
};

#define SOURCES_MAX 16 /* rows that one log source maps to */

/* Rows for a log source; NULL means that a rule does not say it. */
size_t sources_find(const char *product, const char *category, const char *service,
		    struct source ret[SOURCES_MAX]);
/* Services and categories that are known of the same product or category, for a sentence. */
void sources_alike(const char *product, const char *category, struct buf *out);
/* A field of a row by its name in rules; false: it has none of this name. */
bool source_field(const struct source *s, const char *name, struct source_field *ret);
/* Whether the row is only for rules that ask for a field of it with `is_asked`. */
bool source_is_for_asked(const struct source *s);
/* Whether some field is read from the request that a response answers. */
bool source_is_paired(const struct source *s);
/* Names of a row's fields, for a sentence. */
void source_names(const struct source *s, struct buf *out);
const struct event_field *event_field_named(enum event_kind kind, const char *name);

/* --- the compiled set ---------------------------------------------------------------------- */

enum column_type { COLUMN_TEXT, COLUMN_NUMBER, COLUMN_IP };

struct exact {
	uint64_t hash;
	const char *text;
	uint32_t len, predicate, next;
	bool is_cased;
};

/* Texts by the hash of their folded bytes, those of one set from the same end. */
#define SIEVE_BITS 4096u
#define SIEVE_LEN  8u /* one word */

struct text_set {
	struct exact *list;
	struct vec vec;
	uint32_t *buckets, bucket_mask;
	uint16_t *lengths; /* that occur, rising */
	size_t length_count;
	uint64_t length_bits; /* the same, 63 for all above */
	/* a bit for the hash of the first `sieve_len` bytes of each: most values end there */
	uint64_t sieve[SIEVE_BITS / 64];
	uint16_t sieve_len;
};

struct number {
	double value;
	uint32_t predicate;
};

struct net {
	struct prefix prefix;
	uint32_t predicate;
};

struct expression {
	const char *text, *place; /* place: "file:line:column" of the value */
	unsigned flags;
	uint32_t predicate;
	bool is_regular; /* the rule says re; else texts with something around them */
};

struct value {
	bool has, has_number, has_ip;
	const uint8_t *text; /* NULL: not printed yet */
	uint32_t len;
	double number;
	struct ipaddr ip;
	uint64_t hash; /* of a string as the event has it, of a number with a word; 0: none */
};

#define COLUMN_DATABASES 32

struct column {
	const struct event_field *field; /* NULL: a constant */
	const char *constant;
	enum event_kind kind;
	enum view view;
	enum column_type type;
	bool is_paired, is_eager, is_list;
	bool has_texts;  /* something is looked for that is no number and no network */
	bool has_begins; /* an expression that is bound to the begin: elements' ends are not enough
			  */
	/* the guards of all instances that it wakes: in other events nobody would be woken */
	bool is_guarded;
	uint16_t guard_offset;
	uint32_t allowed;
	struct text_set exacts, prefixes, suffixes;
	struct number *numbers;
	struct vec number_vec;
	struct net *nets;
	struct vec net_vec;
	uint8_t *net_bits, net_bit_count; /* lengths that occur */
	struct expression *expressions;
	struct vec expression_vec;
	hs_database_t *databases[COLUMN_DATABASES];
	uint8_t database_count;
	bool is_compiled;
	/* of the event at work */
	uint64_t read_serial, matched_serial;
	struct value v;
	char *space; /* for texts that are made */
	/* when measured */
	uint64_t scans, ns;
	uint32_t users;
};

struct predicate {
	uint32_t column;       /* NONE: words anywhere, in all columns of a kind */
	uint32_t weight;       /* how rarely it holds: length of what is looked for */
	uint32_t first, count; /* instances that it wakes */
	uint64_t serial;       /* holds for the event of this number */
};

enum test_kind { TEST_ABSENT, TEST_EMPTY, TEST_HAS, TEST_COMPARE, TEST_SAME };
enum compare { COMPARE_EQ, COMPARE_GT, COMPARE_GTE, COMPARE_LT, COMPARE_LTE };
enum time_part { PART_NONE, PART_MINUTE, PART_HOUR, PART_DAY, PART_WEEK, PART_MONTH, PART_YEAR };

struct test { /* what is asked only when a condition comes to it */
	enum test_kind kind;
	uint32_t column, other; /* other: of fieldref */
	enum compare compare;
	enum time_part part;
	bool front, behind, is_cased; /* fieldref: text may stand before, behind */
	double number;
	char has; /* a byte that stands in the value */
};

struct part { /* a line of a rule, for people */
	const char *search, *field, *text;
	uint32_t line, column;
};

enum node_kind { NODE_AND, NODE_OR, NODE_NOT, NODE_COUNT, NODE_PREDICATE, NODE_TEST };

struct node {
	enum node_kind kind;
	struct node *first, *next;
	uint32_t index; /* of predicate or test; of NODE_COUNT how many */
	bool is_never;  /* a constant that is never so */
	const struct part *part;
};

enum op { OP_PREDICATE, OP_TEST, OP_NOT, OP_IF_FALSE, OP_IF_TRUE, OP_PUSH, OP_COUNT, OP_POP };

struct insn {
	uint32_t op, arg;
};

struct instance {
	uint32_t rule;
	uint32_t code, code_len;
	uint16_t guard_offset; /* 0: none */
	uint32_t allowed;
	struct source source;
	const struct node *root;
	uint64_t serial;
	bool needs_request;
};

struct rule {
	struct signature_rule about;
	const char *product, *category, *service;
	uint32_t *instances;
	struct vec instance_vec;
	uint32_t *correlations; /* that refer to it */
	struct vec correlation_vec;
	const struct yaml_node *document; /* while loading */
	uint32_t correlation;             /* NONE: it is a rule over events */
	bool is_generating;               /* it raises though others refer to it */
	bool is_counted;                  /* it is what the old form `| count()` counts */
	bool is_broken;
	struct signature_cost cost;
};

enum correlation_type {
	CORRELATION_EVENT_COUNT,
	CORRELATION_VALUE_COUNT,
	CORRELATION_TEMPORAL,
	CORRELATION_ORDERED,
	CORRELATION_SUM,
	CORRELATION_AVG,
	CORRELATION_PERCENTILE
};

struct bound {
	enum compare compare;
	bool is_not; /* neq */
	double value;
};

/* How an instance's event is grouped by a correlation. */
struct link {
	uint32_t instance, member;
	uint32_t columns[GROUP_FIELDS];
	uint32_t values[GROUP_FIELDS];
	bool has_dst;
};

#define MEMBERS_MAX 32

struct correlation {
	enum correlation_type type;
	uint32_t rule;
	uint32_t members[MEMBERS_MAX];
	unsigned member_count;
	uint64_t span_ns;
	struct bound bounds[2];
	unsigned bound_count;
	double percentile;
	unsigned group_count, value_count;
	const char *groups[GROUP_FIELDS], *values[GROUP_FIELDS]; /* while loading */
	struct link *links;
	struct vec link_vec;
	bool is_old; /* of the old form: its one member is known, its node is the condition */
	unsigned slots;
	struct table table;
	bool has_table;
	uint64_t now_ns;
	const struct yaml_node *node; /* while loading */
};

struct kind_plan {
	uint32_t *eager, *always;
	struct vec eager_vec, always_vec;
};

struct filter {
	const struct yaml_node *document;
	const char *product, *category, *service;
};

struct placeholder {
	const char *name;
	const struct yaml_node *values;
};

#define QUIET_VALUES 8192 /* values that matched nothing, remembered by their hash */

struct signatures {
	struct arena memory;
	struct rule *rules;
	struct vec rule_vec;
	struct instance *instances;
	struct vec instance_vec;
	struct column *columns;
	struct vec column_vec;
	struct predicate *predicates;
	struct vec predicate_vec;
	struct test *tests;
	struct vec test_vec;
	struct insn *code;
	struct vec code_vec;
	uint32_t *wakes; /* instances by predicate */
	struct correlation *correlations;
	struct vec correlation_vec;
	struct kind_plan kinds[EVENT__COUNT + 1]; /* and of alerts */
	uint64_t wants;
	char **problems;
	struct vec problem_vec;
	size_t problem_count;
	uint64_t digest;
	/* while loading */
	const struct signature_block *block; /* NULL: these are no policies */
	struct yaml **files;
	struct vec file_vec;
	struct filter *filters;
	struct vec filter_vec;
	struct placeholder *placeholders;
	struct vec placeholder_vec;
	/* while matching */
	hs_scratch_t *scratch;
	uint64_t serial, fires;
	uint32_t *woken;
	size_t woken_count;
	uint64_t *quiet;
	struct table requests; /* HTTP requests that wait for their responses */
	bool has_requests;
	const struct event *request; /* of the response at work, NULL: not seen */
	signature_hit_fn hit;
	void *arg;
	bool is_measured;
};

/* --- problems (load.c) --------------------------------------------------------------------- */

void problem(struct signatures *s, const struct yaml_node *at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void problem_text(struct signatures *s, const char *text);

/* --- rule.c: what a document says about itself ---------------------------------------------- */

bool rule_read(struct signatures *s, const struct yaml_node *doc, struct rule *ret);
/* Texts of a scalar or a list of scalars. */
size_t texts_of(struct signatures *s, const struct yaml_node *n, const char **ret, size_t max);
void logsource_of(const struct yaml_node *doc, const char **product, const char **category,
		  const char **service);

/* --- detection.c, item.c, condition.c: a document's searches and condition as a tree --------- */

struct compile {
	struct signatures *s;
	const struct source *source;
	const struct yaml_node *detection;
	const char *search; /* at work */
	unsigned items;
	bool is_unmapped;    /* a field that the source lacks: said in why, not a problem yet */
	const char *missing; /* the name of it */
	bool has_asked;      /* a field was used that its row is for */
	bool is_counted;     /* what stands behind '|' in the condition was read already */
	char never[400];     /* why a part of it can never hold, "": each can */
	char why[768];
};

/* NULL: a problem was said, or is_unmapped. */
struct node *detection_tree(struct compile *c, const struct yaml_node *detection);
struct node *condition_tree(struct compile *c, const struct yaml_node *at, const char *text);
/* The tree of one search. */
struct node *search_tree(struct compile *c, const struct yaml_node *search);
struct node *item_tree(struct compile *c, const struct yaml_node *node);
struct node *keywords_tree(struct compile *c, const struct yaml_node *list, bool all);
struct node *node_new(struct compile *c, enum node_kind kind);
void node_add_child(struct node *parent, struct node *child);
/* False, after a problem at n that names the rule's line. */
bool refuse(struct compile *c, const struct yaml_node *n, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* --- column.c: what is looked for in a field ------------------------------------------------ */

uint32_t column_for(struct signatures *s, const struct source *source,
		    const struct source_field *f); /* NONE: memory */
uint32_t predicate_new(struct signatures *s, uint32_t column);
/* One of a column's three sets. */
bool text_set_add(struct text_set *set, const char *text, size_t len, bool is_cased,
		  uint32_t predicate);
bool column_add_number(struct signatures *s, uint32_t column, double v, uint32_t predicate);
bool column_add_net(struct signatures *s, uint32_t column, const struct prefix *p,
		    uint32_t predicate);
bool column_add_expression(struct signatures *s, uint32_t column, const struct expression *x);
/* Compiles what was added; false: memory. */
bool columns_finish(struct signatures *s);
/* database.c: makes the databases of its expressions, if they are not made; false: memory. */
bool column_compile(struct signatures *s, struct column *c);
/* Every expression that is found in the text; the context of on_match is s. */
void column_scan(struct signatures *s, struct column *c, const uint8_t *text, size_t len,
		 match_event_handler on_match);
void column_free_databases(struct column *c);
void column_deinit(struct column *c);
/* Over folded bytes, from either end: begins as FOLD_SEED, ends with fold_end(). */
#define FOLD_SEED 0x9e3779b97f4a7c15ull
static inline uint64_t fold_add(uint64_t h, uint8_t c)
{
	return (h ^ (c >= 'A' && c <= 'Z' ? c | 0x20u : c)) * 0x100000001b3ull;
}
static inline uint64_t fold_end(uint64_t h)
{
	return h ^ h >> 29;
}
/* Of the first or last sieve_len bytes of at least as many; letters' case does not count. */
static inline uint32_t sieve_hash(const struct text_set *set, const uint8_t *text, size_t len,
				  bool from_end)
{
	unsigned n = set->sieve_len;
	uint64_t word = 0;
	if (len >= SIEVE_LEN && n) {
		memcpy(&word, from_end ? text + len - SIEVE_LEN : text, SIEVE_LEN);
		word = le64toh(word);
		word = from_end ? word >> (64 - 8 * n) : word << (64 - 8 * n) >> (64 - 8 * n);
	} else {
		for (unsigned i = n; i-- > 0;)
			word = word << 8 | text[from_end ? len - n + i : i];
	}
	word = (word | 0x2020202020202020ull) * 0x9e3779b97f4a7c15ull;
	return (uint32_t)(word >> 40) % SIEVE_BITS;
}
static inline unsigned length_bit(size_t len)
{
	return len < 63 ? (unsigned)len : 63;
}
/* Whether a text of the set may begin so, or end. */
static inline bool sieve_passes(const struct text_set *set, const uint8_t *text, size_t len,
				bool from_end)
{
	if (len < set->sieve_len)
		return false;
	uint32_t bit = sieve_hash(set, text, len, from_end);
	return set->sieve[bit / 64] >> bit % 64 & 1;
}
/* NULL: it can be searched for; else why not. The same buffer each time. */
const char *expression_check(const char *text, unsigned flags, char *why, size_t size);

/* --- names.c, value.c: what an event has in a column ----------------------------------------- */

/* The word for a number; with commas: each of these.  NULL: it has none. */
const char *name_in_view(enum view v, uint32_t n);

#define VALUE_SPACE 2304
bool value_is_made(enum view v); /* needs space */
void value_read(struct signatures *s, struct column *c, const struct event *e);
/* As text, printed if need be. */
void value_print(struct column *c);
/* Walks the elements of a value: one, unless it is a list. */
bool value_element(const struct column *c, const struct value *v, size_t *at, const uint8_t **text,
		   size_t *len);

/* --- build.c, match.c ------------------------------------------------------------------------ */

bool build(struct signatures *s);
bool instance_holds(struct signatures *s, const struct instance *i, const struct event *e);
bool predicate_holds(struct signatures *s, uint32_t predicate, const struct event *e);
bool test_holds(struct signatures *s, const struct test *t, const struct event *e);
struct column *column_read(struct signatures *s, uint32_t column, const struct event *e);
/* False: memory. */
bool requests_begin(struct signatures *s);
static inline bool guard_allows(uint16_t offset, uint32_t allowed, const struct event *e)
{
	uint8_t v = ((const uint8_t *)e)[offset];
	return !offset || (v < 32 && allowed >> v & 1);
}
void explain_parts(struct signatures *s, const struct instance *i, const struct event *e,
		   struct signature_hit *hit);

/* --- aggregate.c: the old form of counting, `selection | count() by src_ip > 50` ---------------
 */

/* Whether the rule is of that form. */
bool aggregate_is(const struct yaml_node *detection);
/* The correlation that it stands for; false: a problem was said. */
bool aggregate_read(struct signatures *s, const struct yaml_node *detection,
		    struct correlation *ret);

/* --- correlation.c, correlate.c -------------------------------------------------------------- */

bool correlation_read(struct signatures *s, const struct yaml_node *doc, struct rule *rule);
/* How many slots its groups need; false: a problem at n was said. */
bool correlation_slots(struct signatures *s, const struct yaml_node *n, struct correlation *c);
/* Which rules they count; before rules are built. */
void correlations_find(struct signatures *s);
/* A field that a correlation over this rule asks of its events and that the source lacks. */
const char *correlation_lacks(const struct signatures *s, uint32_t rule,
			      const struct source *source);
void correlations_link(struct signatures *s);
/* A rule has matched by one of its instances' events. */
void correlate(struct signatures *s, uint32_t rule, uint32_t instance, const struct event *e);
bool bounds_hold(const struct correlation *c, double value);

#endif
