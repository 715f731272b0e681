/*
 * detect/dns_tunnel/marks.c - see marks.h.
 *
 * Sources: iodine's client handshake (codec test patterns), dns2tcp's request suffixes, dnscat2's
 * protocol document (packets in hexadecimal, prefix "dnscat" without a domain), DNSExfiltrator's
 * first request, public rules for Cobalt Strike's DNS beacon.
 */
#include "marks.h"

#include <stdbool.h>
#include <string.h>

#define TYPE_NULL    10
#define TYPE_KEY     25
#define TYPE_PRIVATE 65399
#define LONG_LABEL   30

static bool contains(const char *text, size_t len, const char *what)
{
	return memmem(text, len, what, strlen(what)) != NULL;
}

static bool starts(const char *text, size_t len, const char *what)
{
	size_t n = strlen(what);
	return len >= n && strncasecmp(text, what, n) == 0;
}

static bool is_hex(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		char c = text[i];
		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')))
			return false;
	}
	return len > 0;
}

static unsigned hex_value(char c)
{
	return c <= '9' ? (unsigned)(c - '0') : (unsigned)((c | 0x20) - 'a') + 10;
}

/* A dnscat2 packet: two bytes of id, one of type (SYN, MSG, FIN, ENC, PING), two of session. */
bool dns_dnscat_session(const char *name, size_t sub_len, uint16_t *ret_session)
{
	size_t label = 0;
	while (label < sub_len && name[label] != '.')
		label++;
	if (label < 18 || label % 2 || !is_hex(name, label))
		return false;
	unsigned type = hex_value(name[4]) << 4 | hex_value(name[5]);
	if (type > 3 && type != 0xff)
		return false;
	*ret_session = (uint16_t)(hex_value(name[6]) << 12 | hex_value(name[7]) << 8 |
				  hex_value(name[8]) << 4 | hex_value(name[9]));
	return true;
}

static bool is_file_magic(const char *label, size_t len)
{
	static const char *const base64[] = { "H4sI",  "UEsDB", "JVBERi", "N3q8r",    "UmFyIR",
					      "0M8R4", "TVqQ",  "TVpQ",   "iVBORw0KG" };
	static const char *const hex[] = { "1f8b08",     "504b0304", "25504446", "377abcaf",
					   "526172211a", "d0cf11e0", "4d5a90",   "89504e47" };
	static const char *const base32[] = { "d6fqq", "kbfqgb", "evieir", "g55kxl", "kjqxeiji" };
	if (len < LONG_LABEL)
		return false;
	for (size_t i = 0; i < sizeof(base64) / sizeof(base64[0]); i++)
		if (strncmp(label, base64[i], strlen(base64[i])) == 0)
			return true;
	for (size_t i = 0; i < sizeof(hex) / sizeof(hex[0]) && is_hex(label, len); i++)
		if (strncasecmp(label, hex[i], strlen(hex[i])) == 0)
			return true;
	for (size_t i = 0; i < sizeof(base32) / sizeof(base32[0]); i++)
		if (strncasecmp(label, base32[i], strlen(base32[i])) == 0)
			return true;
	return false;
}

static bool has_file_magic(const char *name, size_t sub_len)
{
	size_t start = 0;
	for (size_t i = 0; i <= sub_len; i++) {
		if (i < sub_len && name[i] != '.')
			continue;
		if (is_file_magic(name + start, i - start))
			return true;
		start = i + 1;
	}
	return false;
}

static bool is_exfiltrator(const char *name, size_t sub_len)
{
	return starts(name, sub_len, "init.") &&
	       (contains(name, sub_len, ".base32") || contains(name, sub_len, ".base64"));
}

static bool is_cobalt_strike(const char *name, size_t sub_len)
{
	return starts(name, sub_len, "aaa.stage.") || starts(name, sub_len, "baa.stage.") ||
	       (starts(name, sub_len, "post.") && sub_len > 40 && name[5] >= '1' &&
		name[5] <= '4' && is_hex(name + 6, 8));
}

uint32_t dns_marks(const char *name, size_t len, size_t sub_len, uint16_t qtype)
{
	uint32_t marks = 0;
	if ((qtype == TYPE_NULL || qtype == TYPE_KEY || qtype == TYPE_PRIVATE) && sub_len >= 4)
		marks |= MARK_RECORD_TYPE;
	if (sub_len >= 20 && (contains(name, len, "Aaahhh-Drink-mal-ein-J") ||
			      contains(name, len, "aAbBcCdDeEfFgGhHiIjJ")))
		marks |= MARK_IODINE;
	if (memchr(name, '=', len) &&
	    (contains(name, len, "=auth.") || contains(name, len, "=connect.") ||
	     contains(name, len, "=resource.")))
		marks |= MARK_DNS2TCP;
	if (starts(name, len, "dnscat."))
		marks |= MARK_DNSCAT;
	if (is_exfiltrator(name, sub_len))
		marks |= MARK_EXFILTRATOR;
	if (is_cobalt_strike(name, sub_len))
		marks |= MARK_COBALT_STRIKE;
	if (has_file_magic(name, sub_len))
		marks |= MARK_FILE_MAGIC;
	return marks;
}

const char *dns_mark_name(uint32_t marks)
{
	if (marks & MARK_IODINE)
		return "the codec test of iodine";
	if (marks & MARK_DNS2TCP)
		return "the requests of dns2tcp";
	if (marks & MARK_EXFILTRATOR)
		return "the first request of DNSExfiltrator";
	if (marks & MARK_COBALT_STRIKE)
		return "the stager or beacon of Cobalt Strike";
	if (marks & MARK_FILE_MAGIC)
		return "the first bytes of an encoded file";
	if (marks & MARK_RECORD_TYPE)
		return "record types that only tunnels ask for (NULL, KEY, PRIVATE)";
	if (marks & MARK_DNSCAT)
		return "packets of dnscat2 in hexadecimal";
	return "none";
}
