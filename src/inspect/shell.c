/*
 * inspect/shell.c - command shells in the clear, on any port.
 *
 * One side types lines, the other answers as a shell does: the banner of cmd.exe, prompts, "no job
 * control in this shell", the output of id, of a command that does not exist, a listing.  Which
 * side the shell runs on says whether it was brought (initiator) or left open (responder).
 *
 * One event_shell once it is sure, one more when the flow ends or enough was read.  What is typed
 * is not kept, but for the first known command.
 */
#include "shell.h"

#include <ctype.h>

#include "line.h"

#define BYTES_MAX   65536u
#define SIDES       2
#define PORT_TELNET 23
#define PORT_RLOGIN 513
#define PORT_RSH    514

_Static_assert(sizeof(struct shell_talk) <= INSPECT_STATE_MAX, "both tails fit into the state");

static const char *const commands[] = {
	"arp",      "cat",    "cd",      "certutil",   "chmod",    "cmd",    "curl",       "dir",
	"echo",     "env",    "exit",    "find",       "hostname", "id",     "ifconfig",   "ip",
	"ipconfig", "ls",     "mkdir",   "net",        "netstat",  "nltest", "powershell", "ps",
	"pwd",      "python", "python3", "quser",      "reg",      "rm",     "route",      "sc",
	"schtasks", "set",    "sudo",    "systeminfo", "tasklist", "touch",  "type",       "uname",
	"ver",      "w",      "wget",    "whoami",     "wmic",
};

/* What a line's first word must be to be known; the word itself. */
static bool is_command(const struct line *l, struct line *ret_word)
{
	struct line rest = *l;
	*ret_word = line_word(&rest);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (line_is(ret_word, commands[i]))
			return true;
	return false;
}

static bool is_printable(const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (data[i] < ' ' && !strchr("\r\n\t\b\033", data[i]))
			return false;
	return true;
}

static bool has(const uint8_t *data, size_t len, const char *text)
{
	return memmem(data, len, text, strlen(text));
}

/* A letter, ":\", and no more lines up to '>' at the end. */
static bool is_dos_prompt(const uint8_t *data, size_t len)
{
	while (len && (data[len - 1] == ' ' || data[len - 1] == '\0'))
		len--;
	if (len < 4 || data[len - 1] != '>')
		return false;
	size_t from = len - 1;
	while (from && data[from - 1] != '\n' && data[from - 1] != '\r')
		from--;
	if (len - from > 3 && memcmp(data + from, "PS ", 3) == 0)
		from += 3;
	return len - from >= 4 && isalpha(data[from]) && data[from + 1] == ':' &&
	       data[from + 2] == '\\';
}

/* "$ " or "# " at the end of a line that begins with a name: "user@host:~$ ", "sh-5.1# ", "$ ". */
static bool is_unix_prompt(const uint8_t *data, size_t len)
{
	if (len < 2 || data[len - 1] != ' ' || (data[len - 2] != '$' && data[len - 2] != '#'))
		return false;
	size_t from = len - 2;
	while (from && data[from - 1] != '\n' && data[from - 1] != '\r')
		from--;
	return len - from <= 80;
}

/* "uid=1000(name) gid=" */
static bool is_id(const uint8_t *data, size_t len)
{
	const uint8_t *at = memmem(data, len, "uid=", 4);
	return at && (size_t)(data + len - at) > 5 && isdigit(at[4]) &&
	       has(at, (size_t)(data + len - at), ") gid=");
}

uint8_t shell_marks(const uint8_t *data, size_t len)
{
	uint8_t marks = 0;
	if (has(data, len, "Microsoft Windows [Version ") ||
	    has(data, len, "Microsoft Windows XP [Version ") ||
	    has(data, len, "Microsoft Windows 2000 [Version "))
		marks |= SHELL_BANNER;
	if (is_dos_prompt(data, len))
		marks |= SHELL_PROMPT;
	if (is_unix_prompt(data, len))
		marks |= SHELL_PROMPT_UNIX;
	if (has(data, len, "no job control in this shell") ||
	    has(data, len, "can't access tty; job control"))
		marks |= SHELL_NO_TERMINAL;
	if (is_id(data, len))
		marks |= SHELL_ID;
	if (has(data, len, "is not recognized as an internal or external command") ||
	    has(data, len, ": command not found") || has(data, len, ": not found\n"))
		marks |= SHELL_NOT_FOUND;
	if (has(data, len, "\ndrwx") || has(data, len, " Volume Serial Number is "))
		marks |= SHELL_LISTING;
	return marks;
}

static bool probe(const struct packet *p, bool from_client)
{
	uint16_t port = from_client ? p->dport : p->sport;
	size_t len = p->payload_cap;
	struct line l = { p->payload, 0 }, word;

	if (len < 3 || !is_printable(p->payload, len < LINE_MAX ? len : LINE_MAX))
		return false;
	if (!from_client && (port == PORT_TELNET || port == PORT_RLOGIN || port == PORT_RSH))
		return false;
	if (len <= SHELL_TYPED && p->payload[len - 1] == '\n') { /* a line that somebody types */
		l.len = (uint32_t)len - 1;
		if (l.len && l.data[l.len - 1] == '\r')
			l.len--;
		if (is_command(&l, &word) && !memchr(l.data, '\n', l.len))
			return true;
	}
	return shell_marks(p->payload, len < LINE_MAX ? len : LINE_MAX) &
	       (SHELL_BANNER | SHELL_PROMPT | SHELL_NO_TERMINAL | SHELL_ID);
}

static void put_event(struct shell_talk *s, struct inspection *in, bool is_end)
{
	if (s->is_brought_only && s->shell != 0)
		return;
	struct event_shell *e = inspect_event(in, EVENT_SHELL, sizeof(*e));
	const struct shell_side *shell = &s->side[s->shell], *user = &s->side[!s->shell];

	e->at_initiator = s->shell == 0;
	e->marks = shell->marks;
	e->commands = user->commands;
	e->is_end = is_end;
	if (s->word_len)
		event_log_str(in->log, &e->command, s->word, s->word_len, s->word_len);
	event_log_commit(in->log);
	s->is_told = true;
	s->has_news = false;
}

static unsigned count_bits(unsigned x)
{
	return (unsigned)__builtin_popcount(x);
}

/* Sure: two marks that only shells make, one and a command, or a prompt and two commands. */
static bool is_sure(const struct shell_side *shell, const struct shell_side *user)
{
	unsigned strong = count_bits(shell->marks & ~(unsigned)(SHELL_PROMPT_UNIX | SHELL_LISTING));
	unsigned weak = count_bits(shell->marks & (SHELL_PROMPT_UNIX | SHELL_LISTING));

	unsigned asking = SHELL_BANNER | SHELL_PROMPT | SHELL_PROMPT_UNIX | SHELL_NO_TERMINAL;
	if (user->marks & (SHELL_BANNER | SHELL_ID))
		return false; /* both sides answer: a transcript is sent */
	if (!user->tail_len && !(shell->marks & asking))
		return false; /* nobody has said a word to it, nor does it wait for one: a report */
	return strong >= 2 || (strong && (weak || user->commands)) || (weak && user->commands >= 2);
}

static void take_typed(struct shell_talk *s, struct shell_side *side)
{
	struct line l = { side->typed, side->typed_len }, word;

	if (l.len && is_command(&l, &word)) {
		if (side->commands < UINT16_MAX)
			side->commands++;
		if (!s->word_len && word.len <= SHELL_WORD) {
			s->word_len = (uint8_t)word.len;
			memcpy(s->word, word.data, word.len);
		}
		s->has_news = true;
	}
	side->typed_len = 0;
}

static void read_typed(struct shell_talk *s, struct shell_side *side, const uint8_t *data,
		       uint32_t len)
{
	for (uint32_t i = 0; i < len; i++) {
		if (data[i] == '\n' || data[i] == '\r')
			take_typed(s, side);
		else if (side->typed_len < SHELL_TYPED)
			side->typed[side->typed_len++] = data[i];
	}
}

/* The marks of what a side sends; its last bytes stay, since a mark may be cut over segments. */
static void read_output(struct shell_talk *s, struct shell_side *side, const uint8_t *data,
			uint32_t len)
{
	uint8_t buf[LINE_MAX + SHELL_TAIL];
	uint32_t n = len < LINE_MAX ? len : LINE_MAX;
	memcpy(buf, side->tail, side->tail_len);
	memcpy(buf + side->tail_len, data, n);
	uint32_t all = side->tail_len + n;
	uint8_t marks = shell_marks(buf, all);
	s->has_news |= (marks & ~side->marks) != 0;
	side->marks |= marks;
	if (n < len) { /* a prompt stands at the end */
		all = len < SHELL_TAIL ? len : SHELL_TAIL;
		memcpy(buf, data + len - all, all);
		side->marks |= shell_marks(buf, all) & (SHELL_PROMPT | SHELL_PROMPT_UNIX);
	}
	side->tail_len = (uint8_t)(all < SHELL_TAIL ? all : SHELL_TAIL);
	memcpy(side->tail, buf + all - side->tail_len, side->tail_len);
}

void shell_talk_take(struct shell_talk *s, struct inspection *in, const uint8_t *data, uint32_t len)
{
	struct shell_side *side = &s->side[!in->from_client];

	if (shell_talk_is_over(s))
		return;
	if (s->bytes == 0)
		s->shell = SIDES;
	s->bytes += len;
	read_typed(s, side, data, len);
	read_output(s, side, data, len);
	for (uint8_t i = 0; s->shell == SIDES && i < SIDES; i++)
		if (is_sure(&s->side[i], &s->side[!i]))
			s->shell = i;
	if (s->shell != SIDES && !s->is_told)
		put_event(s, in, false);
	if (shell_talk_is_over(s))
		shell_talk_end(s, in);
}

bool shell_talk_is_over(const struct shell_talk *s)
{
	return s->bytes >= BYTES_MAX;
}

void shell_talk_end(struct shell_talk *s, struct inspection *in)
{
	if (s->bytes && s->shell != SIDES && s->has_news)
		put_event(s, in, true);
}

static enum inspect_verdict on_stream(struct inspection *in, const uint8_t *data, uint32_t len,
				      uint32_t *ret_used)
{
	*ret_used = len;
	shell_talk_take(in->state, in, data, len);
	return shell_talk_is_over(in->state) ? INSPECT_DONE : INSPECT_MORE;
}

static void on_end(struct inspection *in, const uint8_t *data, uint32_t len)
{
	(void)data;
	(void)len;
	shell_talk_end(in->state, in);
}

const struct inspector shell_inspector = {
	.name = "shell",
	.app = APP_OTHER,
	.proto = PROTO_TCP,
	.state_size = sizeof(struct shell_talk),
	.probe = probe,
	.on_stream = on_stream,
	.on_gap = line_gap,
	.on_end = on_end,
};
