/*
 * inspect/dcerpc/arguments_dcom.c - arguments of DCOM's calls (MS-DCOM 2.2, MS-OAUT 2.2, MS-WMI
 * 3.1.4): which class is made, which method is invoked with which text.
 *
 *   ORPCTHIS: version 2+2 | flags 4 | reserved 4 | causality id 16 | extensions (pointer)
 *
 * An activation's properties are an OBJREF_CUSTOM: "MEOW" | flags 4 | iid 16 | clsid 16 |
 * extension 4 | size 4 | the BLOB: size 4 | reserved 4 | serialisation heads 16 | CustomHeader |
 * properties (MS-DCOM 2.2.18.6, 2.2.22).
 */
#include "arguments.h"
#include "interfaces.h"

#define THIS_LEN        28 /* of ORPCTHIS, without its pointer */
#define OBJREF_HEAD     48
#define SERIAL_HEAD     16 /* MS-RPCE 2.2.6.1, 2.2.6.2 */
#define PROPERTIES_MAX  16
#define TEXT_MIN        6
#define METHOD_TEXT_MAX 4096

/* InstantiationInfoData's class, in the order of its text: its first field is the class asked. */
static const uint8_t instantiation[UUID_LEN] = { 0,    0, 1, 0xab, 0, 0, 0, 0,
						 0xc0, 0, 0, 0,    0, 0, 0, 0x46 };

/* False when extensions follow, behind which nothing can be found. */
static bool skip_this(struct arguments *a)
{
	ndr_skip(&a->n, THIS_LEN);
	return !ndr_pointer(&a->n) && ndr_ok(&a->n);
}

static void put_uuid(struct ndr_text *to, const uint8_t *wire, bool is_big_endian)
{
	uint8_t uuid[UUID_LEN];
	char text[UUID_TEXT_MAX];
	if (!wire)
		return;
	uuid_from_wire(uuid, wire, is_big_endian);
	ndr_text_put(to, uuid_text(text, uuid));
}

void arguments_activate(struct arguments *a)
{
	if (skip_this(a))
		put_uuid(&a->object, cursor_take(&a->n.c, UUID_LEN), a->n.is_big_endian);
}

/* Where the properties of the BLOB at c begin, and how far into them InstantiationInfoData is. */
static bool find_instantiation(struct cursor *c, size_t *ret_at)
{
	cursor_skip(c, 8 + SERIAL_HEAD + 4);
	uint32_t head = cursor_le32(c);
	cursor_skip(c, 8);
	uint32_t count = cursor_le32(c);
	cursor_skip(c, UUID_LEN + 3 * 4 + 4); /* class information, pointers, size of the array */
	if (!cursor_ok(c) || count == 0 || count > PROPERTIES_MAX)
		return false;
	struct cursor classes = cursor_sub(c, count * UUID_LEN);
	cursor_skip(c, 4);
	size_t at = 8 + (size_t)head;
	for (uint32_t i = 0; i < count; i++) {
		uint8_t uuid[UUID_LEN];
		const uint8_t *wire = cursor_take(&classes, UUID_LEN);
		uint32_t size = cursor_le32(c);
		if (!wire || !cursor_ok(c))
			return false;
		uuid_from_wire(uuid, wire, false);
		if (memcmp(uuid, instantiation, UUID_LEN) == 0) {
			*ret_at = at;
			return true;
		}
		at += size;
	}
	return false;
}

void arguments_create_instance(struct arguments *a)
{
	size_t left = cursor_left(&a->n.c);
	const uint8_t *data = a->n.c.pos;
	const uint8_t *objref = left ? memmem(data, left, "MEOW", 4) : NULL;
	if (!objref || left - (size_t)(objref - data) < OBJREF_HEAD)
		return;
	struct cursor blob =
		cursor_make(objref + OBJREF_HEAD, left - (size_t)(objref - data) - OBJREF_HEAD);
	struct cursor c = blob;
	size_t at;
	if (!find_instantiation(&c, &at))
		return;
	cursor_seek(&blob, at);
	cursor_skip(&blob, SERIAL_HEAD);
	put_uuid(&a->object, cursor_take(&blob, UUID_LEN), false);
}

void arguments_query_interface(struct arguments *a)
{
	if (!skip_this(a))
		return;
	ndr_skip(&a->n, UUID_LEN); /* the object's IPID */
	(void)ndr_u32(&a->n);
	(void)ndr_u16(&a->n);
	(void)ndr_size(&a->n);
	put_uuid(&a->object, cursor_take(&a->n.c, UUID_LEN), a->n.is_big_endian);
}

void arguments_names(struct arguments *a)
{
	if (!skip_this(a))
		return;
	ndr_skip(&a->n, UUID_LEN);
	uint64_t count = ndr_size(&a->n);
	for (uint64_t i = 0; i < count && ndr_ok(&a->n); i++)
		(void)ndr_pointer(&a->n);
	if (count && ndr_ok(&a->n))
		(void)ndr_string(&a->n, NDR_WIDE, &a->object);
}

static bool is_text(uint8_t b)
{
	return b >= 0x20 && b < 0x7f;
}

/* Length in bytes of the run of printable characters at `at`. */
static size_t run_len(const uint8_t *data, size_t len, size_t at, unsigned unit)
{
	size_t start = at;
	while (at + unit <= len && is_text(data[at]) && (unit == NDR_BYTES || data[at + 1] == 0))
		at += unit;
	return at - start;
}

/* The longest run of characters; runs with a bar are qualifiers of a class, not values. */
static void put_longest(struct arguments *a, unsigned unit)
{
	size_t len = cursor_left(&a->n.c);
	const uint8_t *data = a->n.c.pos;
	size_t best = 0, best_at = 0;
	if (len > METHOD_TEXT_MAX)
		len = METHOD_TEXT_MAX;
	for (size_t at = 0; at + unit <= len;) {
		size_t run = run_len(data, len, at, unit);
		if (run / unit >= TEXT_MIN && run > best && !memchr(data + at, '|', run)) {
			best = run;
			best_at = at;
		}
		at += run ? run : 1;
	}
	if (best)
		ndr_text_add(&a->detail, data + best_at, best, unit, false);
}

void arguments_invoke(struct arguments *a)
{
	if (skip_this(a) && !a->n.is_big_endian)
		put_longest(a, NDR_WIDE);
}

/* A BSTR (MS-OAUT 2.2.23.3): pointer, room, bytes, characters, the text. */
static void put_bstr(struct arguments *a, struct ndr_text *to)
{
	if (!ndr_pointer(&a->n))
		return;
	(void)ndr_size(&a->n);
	(void)ndr_u32(&a->n);
	uint32_t count = ndr_u32(&a->n);
	size_t left = cursor_left(&a->n.c);
	size_t len = count > left / 2 ? left : (size_t)count * 2;
	ndr_text_add(to, cursor_take(&a->n.c, len), len, NDR_WIDE, a->n.is_big_endian);
	ndr_align(&a->n, a->n.is_wide ? 8 : 4);
}

void arguments_wmi_login(struct arguments *a)
{
	if (skip_this(a))
		(void)ndr_unique_string(&a->n, NDR_WIDE, &a->object);
}

void arguments_wmi_path(struct arguments *a)
{
	if (skip_this(a))
		put_bstr(a, &a->object);
}

void arguments_wmi_query(struct arguments *a)
{
	if (!skip_this(a))
		return;
	put_bstr(a, NULL); /* "WQL" */
	put_bstr(a, &a->object);
}

/*
 * The parameters are an instance of the class __PARAMETERS: behind the last mention of its name
 * stand the values, the first of them being the command line of Win32_Process.Create (MS-WMIO
 * 2.2.78: a flag that tells bytes from UTF-16, the characters).
 */
static bool put_parameters(struct arguments *a)
{
	static const char name[] = "__PARAMETERS";
	size_t len = cursor_left(&a->n.c);
	const uint8_t *at = a->n.c.pos, *last = NULL;
	const uint8_t *end = at + len;
	while ((at = memmem(at, (size_t)(end - at), name, sizeof(name))))
		last = at = at + sizeof(name);
	if (!last || end - last < 2 || *last > 1)
		return false;
	ndr_text_add(&a->detail, last + 1, (size_t)(end - last) - 1, *last ? NDR_WIDE : NDR_BYTES,
		     false);
	return a->detail.len > 0;
}

void arguments_wmi_method(struct arguments *a)
{
	if (!skip_this(a))
		return;
	put_bstr(a, &a->object);
	ndr_text_put(&a->object, ".");
	put_bstr(a, &a->object);
	if (!put_parameters(a))
		put_longest(a, NDR_BYTES);
}

void arguments_wmi_put(struct arguments *a)
{
	if (skip_this(a))
		put_longest(a, NDR_BYTES);
}

static bool begins(const struct ndr_text *t, const char *text)
{
	size_t len = strlen(text);
	return t->len >= len && memcmp(t->to, text, len) == 0;
}

/* IID_NULL, which Automation passes where an interface once stood (MS-OAUT 3.1.4.3, 3.1.4.4). */
static bool is_null_id(struct ndr *n)
{
	static const uint8_t zeros[UUID_LEN];
	const uint8_t *id = cursor_take(&n->c, UUID_LEN);
	return id && memcmp(id, zeros, UUID_LEN) == 0;
}

uint8_t arguments_guess(const struct ndr *n, uint16_t opnum)
{
	uint8_t bytes[32];
	struct arguments a = { .n = *n };
	struct ndr_text t = { .to = bytes, .size = sizeof(bytes) };
	size_t len = cursor_left(&a.n.c);
	const uint8_t *data = a.n.c.pos;
	uint16_t major = ndr_u16(&a.n);
	uint16_t minor = ndr_u16(&a.n);
	if (major != 5 || minor == 0 || minor > 7) /* of ORPCTHIS */
		return RPC_IF_NONE;
	a.n = *n;
	if ((opnum == 3 || opnum == 4) && memmem(data, len, "MEOW", 4))
		return RPC_IF_ISystemActivator;
	if (!skip_this(&a))
		return RPC_IF_NONE;
	switch (opnum) {
	case 5:
		return is_null_id(&a.n) && ndr_size(&a.n) && ndr_pointer(&a.n) ? RPC_IF_IDispatch :
										 RPC_IF_NONE;
	case 6:
		if (len > THIS_LEN + 12 && memcmp(data + THIS_LEN + 8, "\0\0\0\0", 4) == 0) {
			(void)ndr_u32(&a.n); /* the method's number */
			return is_null_id(&a.n) ? RPC_IF_IDispatch : RPC_IF_NONE;
		}
		(void)ndr_unique_string(&a.n, NDR_WIDE, &t);
		return begins(&t, "//") || begins(&t, "\\\\") ? RPC_IF_IWbemLevel1Login :
								RPC_IF_NONE;
	case 20:
		put_bstr(&a, &t);
		return begins(&t, "WQL") ? RPC_IF_IWbemServices : RPC_IF_NONE;
	case 24:
		put_bstr(&a, &t);
		return begins(&t, "Win32_") || begins(&t, "StdRegProv") ? RPC_IF_IWbemServices :
									  RPC_IF_NONE;
	default:
		return RPC_IF_NONE;
	}
}
