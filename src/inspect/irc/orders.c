/*
 * inspect/irc/orders.c - see orders.h.
 *
 * The forms are those of the families whose source is public: Agobot and Rbot (".advscan asn1smb
 * 100 5 0 -r", ".http.dl http://..."), Kaiten ("!* UDP 192.0.2.1 80 60"), bots in Perl ("!u
 * @udpflood 192.0.2.1 80 60") - Barford and Yegneswaran, An Inside Look at Botnets, 2007; Goebel
 * and Holz, Rishi, HotBots 2007, for the nicknames.
 */
#include "orders.h"

#include <ctype.h>
#include <string.h>

#define WORDS_BEFORE 3  /* words among which the verb is */
#define ALIAS_MAX    4  /* "u", "x86": whom it is for */
#define CODED_MIN    24 /* characters of an encoded word */
#define TOKENS_MAX   8

static const char *const verbs[] = {
	"advscan",  "asc",       "attack",   "clone",     "cmd",      "ddos",      "die",
	"dl",       "dlexec",    "dos",      "download",  "exec",     "execute",   "flood",
	"get",      "getfile",   "http",     "httpflood", "icmp",     "icmpflood", "inject",
	"install",  "junk",      "keylog",   "keylogger", "ntscan",   "pan",       "portscan",
	"psniff",   "redirect",  "remove",   "run",       "scan",     "scanall",   "scanner",
	"sh",       "shell",     "sniff",    "sniffer",   "socks4",   "socks5",    "spread",
	"std",      "syn",       "synflood", "tcp",       "tcpflood", "tsunami",   "udp",
	"udpflood", "uninstall", "upd",      "update",    "upload",   "visit",     "wget",
};
static const char *const shells[] = { "sh", "shell", "cmd", "exec", "execute" };
static const char *const programs[] = { ".exe", ".scr", ".dll", ".bat", ".vbs", ".ps1",
					".com", ".bin", ".sh",  ".pl",  ".elf" };
static const char *const links[] = { "http://", "https://", "ftp://", "tftp://", "www." };
static const char *const systems[] = { "XP",    "2K",    "2K3",   "2K8", "2K12",  "W7",
				       "W8",    "W10",   "W11",   "WIN", "WIN7",  "WIN8",
				       "WIN10", "WINXP", "WIN2K", "VIS", "VISTA", "NT",
				       "LNX",   "LINUX", "X86",   "X64", "ARM",   "MIPS" };

#define HAS(list, word) has(list, sizeof(list) / sizeof((list)[0]), word)

static bool has(const char *const *list, size_t count, const struct line *word)
{
	for (size_t i = 0; i < count; i++)
		if (line_is(word, list[i]))
			return true;
	return false;
}

/* "http.dl", "ddos.syn": one of its parts. */
static bool is_verb(const struct line *word)
{
	struct line part = { word->data, 0 };
	for (uint32_t i = 0; i <= word->len; i++) {
		if (i < word->len && word->data[i] != '.')
			continue;
		part.len = (uint32_t)(word->data + i - part.data);
		if (HAS(verbs, &part))
			return true;
		part.data = word->data + i + 1;
	}
	return false;
}

static uint32_t skip_signs(struct line *l)
{
	uint32_t n = 0;
	while (n < l->len && !isalnum(l->data[n]))
		n++;
	l->data += n;
	l->len -= n;
	return n;
}

/* Colours and bold of clients, and spaces (mIRC's control codes). */
static void skip_codes(struct line *l)
{
	while (l->len && l->data[0] <= ' ') {
		bool is_colour = l->data[0] == 3;
		l->data++;
		l->len--;
		while (is_colour && l->len && (isdigit(l->data[0]) || l->data[0] == ',')) {
			l->data++;
			l->len--;
		}
	}
}

/* "192.0.2.1", "10.x.x.x", "192.0.2.0/24", "192.0.2.1:80" */
static bool is_address(const struct line *word)
{
	uint32_t dots = 0, digits = 0, i = 0;
	for (; i < word->len; i++) {
		uint8_t c = word->data[i];
		if (isdigit(c) || c == 'x' || c == '*')
			digits++;
		else if (c == '.' && digits && digits <= 3 && dots < 3)
			dots++, digits = 0;
		else
			break;
	}
	return dots == 3 && digits && digits <= 3 && isdigit(word->data[0]) &&
	       (i == word->len || word->data[i] == '/' || word->data[i] == ':');
}

static bool is_link(const struct line *word)
{
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		if (line_begins(word, links[i]))
			return true;
	return false;
}

static bool is_program(const struct line *word)
{
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		uint32_t len = (uint32_t)strlen(programs[i]);
		struct line end = { word->data + word->len - len, len };
		if (word->len > len && line_is(&end, programs[i]))
			return true;
	}
	return false;
}

static bool is_number(const struct line *word)
{
	for (uint32_t i = 0; i < word->len; i++)
		if (!isdigit(word->data[i]))
			return false;
	return word->len > 0;
}

static bool is_option(const struct line *word)
{
	return word->len == 2 && word->data[0] == '-' && isalpha(word->data[1]);
}

/* What stands behind a verb: whom to do it to, by which program, how often. */
static bool has_object(struct line rest, bool is_shell, bool *ret_link)
{
	unsigned amounts = 0, others = 0;
	while (rest.len) {
		struct line word = line_word(&rest);
		if (is_link(&word))
			*ret_link = true;
		if (is_link(&word) || is_address(&word) || is_program(&word))
			return true;
		bool is_amount = is_number(&word) || is_option(&word);
		amounts += is_amount;
		others += !is_amount && word.len > 0;
	}
	return (amounts >= 2 && others <= 2) || (is_shell && amounts + others > 0);
}

bool irc_is_order(const struct line *text, bool is_direct)
{
	struct line rest = *text, word;
	uint32_t signs = 0;
	bool is_found = false, is_linked = false;
	skip_codes(&rest);
	for (unsigned n = 0; n < WORDS_BEFORE && rest.len && !is_found; n++) {
		word = line_word(&rest);
		uint32_t before = skip_signs(&word);
		signs += before;
		is_found = is_verb(&word) && (n == 0 || before || signs);
		if (!is_found && word.len && (n || !before || word.len > ALIAS_MAX))
			return false;
	}
	if (!is_found || !has_object(rest, HAS(shells, &word), &is_linked))
		return false;
	return signs || (is_direct && is_linked);
}

bool irc_is_coded(const struct line *text)
{
	unsigned upper = 0, lower = 0, digits = 0;
	struct line word = *text;
	skip_codes(&word);
	for (uint32_t i = 0; i < word.len; i++) {
		uint8_t c = word.data[i];
		upper += isupper(c) != 0;
		lower += islower(c) != 0;
		digits += isdigit(c) != 0;
		if (!isalnum(c) && c != '+' && c != '/' && c != '=')
			return false;
	}
	return word.len >= CODED_MIN && digits * 16 >= word.len && lower * 8 >= word.len &&
	       upper * 8 >= word.len;
}

struct name_parts {
	unsigned systems, countries, numbers, odd; /* odd: letters and figures as dice give them */
};

static void count_part(struct name_parts *p, const struct line *part)
{
	unsigned upper = 0, digits = 0, vowels = 0;
	for (uint32_t i = 0; i < part->len; i++) {
		upper += isupper(part->data[i]) != 0;
		digits += isdigit(part->data[i]) != 0;
		vowels += part->data[i] && strchr("aeiouyAEIOUY", part->data[i]);
	}
	if (HAS(systems, part))
		p->systems++;
	else if (part->len >= 4 && digits == part->len)
		p->numbers++;
	else if ((part->len == 2 || part->len == 3) && upper == part->len)
		p->countries++;
	else if (part->len >= 5 && (vowels == 0 || (digits >= 2 && digits < part->len)))
		p->odd++;
}

bool irc_is_made_name(const struct line *nick)
{
	struct name_parts p = { .systems = 0 };
	struct line part = { nick->data, 0 };
	unsigned bars = 0;
	for (uint32_t i = 0; i <= nick->len; i++) {
		if (i < nick->len && isalnum(nick->data[i]))
			continue;
		bars += i < nick->len && nick->data[i] && strchr("[]{}|", nick->data[i]);
		part.len = (uint32_t)(nick->data + i - part.data);
		if (part.len)
			count_part(&p, &part);
		part.data = nick->data + i + 1;
	}
	if (p.systems)
		return p.countries + p.numbers + p.odd > 0;
	return bars && p.countries && p.numbers + p.odd > 0;
}
