/*
 * inspect/dcerpc/arguments.c - see arguments.h.
 *
 * The order of arguments is that of the documents: MS-SCMR 3.1.4, MS-TSCH 3.2.5, MS-RRP 3.1.5,
 * MS-SAMR 3.1.5, MS-LSAD 3.1.4, MS-LSAT 3.1.4, MS-NRPC 3.5.4.4, MS-EFSR 3.1.4.2, MS-RPRN 3.1.4,
 * MS-FSRVP 3.1.4, MS-DFSNM 3.1.4, MS-EVEN 3.1.4, MS-EVEN6 3.1.4, MS-SRVS 3.1.4.
 */
#include "arguments.h"

#include <stdio.h>
#include <stdlib.h>

#include "interfaces.h"

#define NAMES_MAX      16
#define CREDENTIAL_LEN 8
#define REG_SZ         1
#define REG_EXPAND_SZ  2
#define REG_DWORD      4

static unsigned text_unit(const struct arguments *a)
{
	switch (a->opnum) { /* of svcctl: the operations that end in A */
	case 23:
	case 24:
	case 27:
	case 28:
	case 31:
	case 44:
		return NDR_BYTES;
	default:
		return NDR_WIDE;
	}
}

static void open_manager(struct arguments *a)
{
	char text[24];
	if (a->opnum != 64) /* the newest form does not name the host */
		(void)ndr_unique_string(&a->n, text_unit(a), NULL);
	(void)ndr_unique_string(&a->n, text_unit(a), NULL);
	uint32_t access = ndr_u32(&a->n);
	if (!ndr_ok(&a->n))
		return;
	(void)snprintf(text, sizeof(text), "access 0x%08x", access);
	ndr_text_put(&a->detail, text);
}

static void open_service(struct arguments *a)
{
	ndr_handle(&a->n);
	(void)ndr_string(&a->n, text_unit(a), &a->object);
}

static void create_service(struct arguments *a)
{
	unsigned unit = text_unit(a);
	ndr_handle(&a->n);
	if (!ndr_string(&a->n, unit, &a->object))
		return;
	if (ndr_pointer(&a->n)) /* the name for people */
		(void)ndr_string(&a->n, unit, NULL);
	for (unsigned i = 0; i < 4; i++) /* access, type, start, error control */
		(void)ndr_u32(&a->n);
	if (ndr_ok(&a->n))
		(void)ndr_string(&a->n, unit, &a->detail);
}

static void change_service(struct arguments *a)
{
	ndr_handle(&a->n);
	for (unsigned i = 0; i < 3; i++) /* type, start, error control */
		(void)ndr_u32(&a->n);
	(void)ndr_unique_string(&a->n, text_unit(a), &a->detail);
}

static void control_service(struct arguments *a)
{
	char text[24];
	ndr_handle(&a->n);
	uint32_t control = ndr_u32(&a->n);
	if (!ndr_ok(&a->n))
		return;
	(void)snprintf(text, sizeof(text), "control %u", control);
	ndr_text_put(&a->detail, text);
}

static void add_job(struct arguments *a)
{
	(void)ndr_unique_string(&a->n, NDR_WIDE, NULL);
	(void)ndr_size(&a->n); /* time; aligned as the structure is */
	if (a->n.is_wide)
		return;
	(void)ndr_u32(&a->n); /* days of the month */
	ndr_skip(&a->n, 2);   /* of the week, flags */
	(void)ndr_unique_string(&a->n, NDR_WIDE, &a->detail);
}

/* What stands between two marks of a task's XML, as wide characters. */
static void put_element(struct arguments *a, const uint8_t *xml, size_t len, const char *name,
			bool is_next)
{
	uint8_t open[64];
	size_t open_len = 0;
	for (const char *p = name; *p && open_len + 2 <= sizeof(open); p++) {
		open[open_len++] = (uint8_t)*p;
		open[open_len++] = 0;
	}
	const uint8_t *at = memmem(xml, len, open, open_len);
	if (!at)
		return;
	at += open_len;
	size_t left = len - (size_t)(at - xml);
	const uint8_t *end = memmem(at, left, "<\0", 2);
	if (is_next)
		ndr_text_put(&a->detail, " ");
	ndr_text_add(&a->detail, at, end ? (size_t)(end - at) : left, NDR_WIDE, false);
}

static void register_task(struct arguments *a)
{
	(void)ndr_unique_string(&a->n, NDR_WIDE, &a->object);
	(void)ndr_size(&a->n);
	(void)ndr_size(&a->n);
	uint64_t count = ndr_size(&a->n);
	size_t left = cursor_left(&a->n.c);
	size_t len = count > left / 2 ? left : (size_t)count * 2;
	const uint8_t *xml = cursor_take(&a->n.c, len);
	if (!xml || a->n.is_big_endian)
		return;
	put_element(a, xml, len, "<Command>", false);
	put_element(a, xml, len, "<Arguments>", true);
}

static void first_is_object(struct arguments *a)
{
	(void)ndr_string(&a->n, NDR_WIDE, &a->object);
}

static void first_is_detail(struct arguments *a)
{
	(void)ndr_string(&a->n, NDR_WIDE, &a->detail);
}

static void unique_is_object(struct arguments *a)
{
	(void)ndr_unique_string(&a->n, NDR_WIDE, &a->object);
}

/* After the server's name. */
static void second_is_object(struct arguments *a)
{
	(void)ndr_unique_string(&a->n, NDR_WIDE, NULL);
	(void)ndr_string(&a->n, NDR_WIDE, &a->object);
}

static void hive(struct arguments *a)
{
	static const char *const names[] = { "HKCR", "HKCU", "HKLM", "HKPD", "HKU" };
	ndr_text_put(&a->object, a->opnum < 5 ? names[a->opnum] : "HKCC");
}

static void counted_name(struct arguments *a)
{
	ndr_handle(&a->n);
	(void)ndr_counted_string(&a->n, &a->object);
}

static void set_value(struct arguments *a)
{
	char text[24];
	counted_name(a);
	uint32_t type = ndr_u32(&a->n);
	uint64_t len = ndr_size(&a->n);
	size_t left = cursor_left(&a->n.c);
	if (!ndr_ok(&a->n) || len == 0)
		return;
	if (type == REG_DWORD) {
		uint32_t value = ndr_u32(&a->n);
		(void)snprintf(text, sizeof(text), "%u", value);
		ndr_text_put(&a->detail, text);
	} else if (type == REG_SZ || type == REG_EXPAND_SZ) {
		size_t n = len < left ? (size_t)len : left;
		ndr_text_add(&a->detail, cursor_take(&a->n.c, n), n, NDR_WIDE, a->n.is_big_endian);
	}
}

/* An array of RPC_UNICODE_STRING: all heads, then the characters of each. */
static void put_names(struct arguments *a, uint64_t count)
{
	bool has_text[NAMES_MAX] = { false };
	uint64_t heads = count < NAMES_MAX ? count : NAMES_MAX;
	for (uint64_t i = 0; i < count && ndr_ok(&a->n); i++) {
		bool is_there = ndr_counted_head(&a->n);
		if (i < heads)
			has_text[i] = is_there;
	}
	for (uint64_t i = 0; i < heads && ndr_ok(&a->n); i++) {
		if (!has_text[i])
			continue;
		if (a->object.full)
			ndr_text_put(&a->object, ", ");
		if (!ndr_string(&a->n, NDR_WIDE, &a->object))
			return;
	}
}

static void sam_names(struct arguments *a)
{
	ndr_handle(&a->n);
	(void)ndr_u32(&a->n);
	(void)ndr_size(&a->n);
	(void)ndr_size(&a->n);
	put_names(a, ndr_size(&a->n));
}

static void lsa_names(struct arguments *a)
{
	ndr_handle(&a->n);
	(void)ndr_u32(&a->n);
	put_names(a, ndr_size(&a->n));
}

static void lsa_names4(struct arguments *a)
{
	(void)ndr_u32(&a->n);
	put_names(a, ndr_size(&a->n));
}

static void sam_domain(struct arguments *a)
{
	ndr_handle(&a->n);
	(void)ndr_u32(&a->n); /* access */
	(void)ndr_sid(&a->n, &a->object);
}

static void sam_rid(struct arguments *a)
{
	char text[24];
	ndr_handle(&a->n);
	(void)ndr_u32(&a->n); /* access */
	uint32_t rid = ndr_u32(&a->n);
	if (!ndr_ok(&a->n))
		return;
	(void)snprintf(text, sizeof(text), "rid %u", rid);
	ndr_text_put(&a->object, text);
}

static void sam_set_user(struct arguments *a)
{
	char text[24];
	ndr_handle(&a->n);
	uint16_t class = ndr_u16(&a->n);
	if (!ndr_ok(&a->n))
		return;
	(void)snprintf(text, sizeof(text), "class %u", class);
	ndr_text_put(&a->detail, text);
}

/* Bytes that are all alike: what an attack on the cipher's start needs (MS-NRPC 3.1.4.4). */
static void put_credential(struct arguments *a, const char *what)
{
	const uint8_t *b = cursor_take(&a->n.c, CREDENTIAL_LEN);
	if (!b || memcmp(b, b + 1, CREDENTIAL_LEN - 1) != 0)
		return;
	ndr_text_put(&a->detail, b[0] ? "one byte throughout: " : "zero ");
	ndr_text_put(&a->detail, what);
}

static void challenge(struct arguments *a)
{
	(void)ndr_unique_string(&a->n, NDR_WIDE, NULL);
	if (ndr_string(&a->n, NDR_WIDE, &a->object))
		put_credential(a, "challenge");
}

static void authenticate(struct arguments *a)
{
	(void)ndr_unique_string(&a->n, NDR_WIDE, NULL);
	if (!ndr_string(&a->n, NDR_WIDE, &a->object))
		return;
	(void)(a->n.is_wide ? ndr_u32(&a->n) : ndr_u16(&a->n)); /* kind of secure channel */
	if (ndr_string(&a->n, NDR_WIDE, NULL))
		put_credential(a, "credential");
}

static void efs_after_reserved(struct arguments *a)
{
	(void)ndr_u32(&a->n);
	if (!ndr_pointer(&a->n) && ndr_ok(&a->n))
		first_is_detail(a);
}

static void watch_printer(struct arguments *a)
{
	ndr_handle(&a->n);
	(void)ndr_u32(&a->n);
	(void)ndr_u32(&a->n);
	(void)ndr_unique_string(&a->n, NDR_WIDE, &a->detail);
}

/*
 * DRIVER_CONTAINER (MS-RPRN 2.2.1.2.3): level, the union's own copy of it, pointer, then the
 * structure: version and pointers to name, environment, driver, data and configuration file.
 */
static void add_driver(struct arguments *a)
{
	static const uint8_t
		more[] = { [2] = 0, [3] = 5, [4] = 7 }; /* pointers and counts behind */
	bool is_there[5];
	(void)ndr_unique_string(&a->n, NDR_WIDE, NULL);
	uint32_t level = ndr_u32(&a->n);
	(void)ndr_size(&a->n);
	if (!ndr_pointer(&a->n) || level < 2 || level >= sizeof(more) || a->n.is_wide)
		return;
	(void)ndr_u32(&a->n);
	for (unsigned i = 0; i < 5; i++)
		is_there[i] = ndr_pointer(&a->n);
	ndr_skip(&a->n, more[level] * 4u);
	for (unsigned i = 0; i < 5 && ndr_ok(&a->n); i++) {
		struct ndr_text *to = i == 0 ? &a->object : NULL;
		if (!is_there[i])
			continue;
		if (i >= 2) { /* driver, data, configuration */
			to = &a->detail;
			if (i > 2)
				ndr_text_put(to, ", ");
		}
		if (!ndr_string(&a->n, NDR_WIDE, to))
			return;
	}
}

/* The server's name is passed as a pointer to one character. */
static void open_log(struct arguments *a)
{
	if (ndr_pointer(&a->n))
		(void)ndr_u16(&a->n);
	(void)ndr_counted_string(&a->n, a->opnum == 9 ? &a->detail : &a->object);
}

static void clear_channel(struct arguments *a)
{
	ndr_handle(&a->n);
	(void)ndr_unique_string(&a->n, NDR_WIDE, &a->object);
}

static const struct reader {
	uint8_t interface;
	uint16_t opnum;
	arguments_fn read;
} readers[] = {
/* sorted */
#define OF(id, opnum, read) { RPC_IF_##id, opnum, read },
#include "arguments.def"
#undef OF
};

static int compare(const void *key, const void *entry)
{
	const struct reader *a = key, *b = entry;
	if (a->interface != b->interface)
		return a->interface < b->interface ? -1 : 1;
	return a->opnum < b->opnum ? -1 : a->opnum > b->opnum;
}

bool rpc_arguments(struct rpc_text *ret, uint8_t interface, uint16_t opnum, const struct ndr *n)
{
	struct reader key = { rpc_interface_like(interface), opnum, NULL };
	const struct reader *found =
		bsearch(&key, readers, sizeof(readers) / sizeof(readers[0]), sizeof(key), compare);
	ret->object_len = ret->detail_len = 0;
	ret->object_full = ret->detail_full = 0;
	if (!found)
		return false;
	struct arguments a = { .n = *n,
			       .interface = key.interface,
			       .opnum = opnum,
			       .object = { .to = ret->object, .size = sizeof(ret->object) },
			       .detail = { .to = ret->detail, .size = sizeof(ret->detail) } };
	found->read(&a);
	ret->object_len = a.object.len;
	ret->object_full = a.object.full;
	ret->detail_len = a.detail.len;
	ret->detail_full = a.detail.full;
	return ret->object_len || ret->detail_len;
}
