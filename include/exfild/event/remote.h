/*
 * event/remote.h - what is told of remote desktops, encrypted sessions, shells and content.
 *
 * What: further structs of event/event.h, which includes this: by itself it is nothing.
 * Ownership, threads: as there.
 */
#ifndef EXFILD_EVENT_REMOTE_H
#define EXFILD_EVENT_REMOTE_H

#include "exfild/event/event.h"

#define RDP_CHANNELS_MAX 31 /* that a client may ask for (MS-RDPBCGR 2.2.1.3.4) */

/* How a remote desktop connection began: told with the server's choice, or without when refused. */
struct event_rdp {
	struct event e;
	uint32_t requested; /* protocols (MS-RDPBCGR 2.2.1.1.1): 1 TLS, 2 NLA, 8 NLA with early
			       answer */
	uint32_t selected;  /* 0: standard security, in the clear up to here */
	uint32_t failure;   /* code of a refusal, 0: none */
	uint32_t client_build;
	uint16_t width, height;
	uint8_t has_request;  /* a negotiation request was sent; old clients send none */
	uint8_t has_settings; /* the client's settings were seen: names, build, channels */
	uint8_t has_inner;    /* asked for a channel that only servers make (MS_T120) */
	uint8_t channel_count;
	struct event_str cookie;      /* user or token of "Cookie: mstshash=" */
	struct event_str client_name; /* "" when the client left it empty */
	struct event_str channels;    /* ", " between */
};

enum session_kind {
	SESSION_UNKNOWN, /* too little was seen */
	SESSION_TYPED,   /* keys and their echo */
	SESSION_BULK,    /* one side sends, the other acknowledges */
	SESSION_OTHER,
	SESSION__COUNT
};

/*
 * What goes on in an encrypted connection, from sizes and times.  Index 0: from src, 1: from dst.
 * Told when it is sure, and at the end of what is looked at.
 */
struct event_session {
	struct event e;
	uint8_t kind;        /* enum session_kind */
	uint8_t is_reversed; /* the initiator plays the server: dst gives the commands */
	uint8_t is_end;
	uint8_t pad;
	uint32_t failures;    /* log-ins refused */
	uint32_t records[2];  /* after the log-in */
	uint32_t keys[2];     /* small records that the other side echoed */
	uint32_t opened[2];   /* connections that were asked to be passed on, by who asked: by the
				 client to the server's side (-L, -D), by the server back (-R) */
	uint64_t bytes[2];    /* after the log-in */
	uint64_t duration_ns; /* likewise */
	struct event_str service; /* "ssh" */
};

enum shell_mark {                         /* of what a shell answers */
		  SHELL_BANNER = 1u << 0, /* of cmd.exe */
		  SHELL_PROMPT = 1u << 1, /* of cmd.exe or PowerShell, with a drive */
		  SHELL_PROMPT_UNIX = 1u << 2,
		  SHELL_NO_TERMINAL = 1u << 3, /* it complains that it has none */
		  SHELL_ID = 1u << 4,          /* output of id */
		  SHELL_NOT_FOUND = 1u << 5,   /* a command that does not exist */
		  SHELL_LISTING = 1u << 6,     /* of a folder */
};

/* A command shell in the clear: told when it is sure, and at its end if there is more to tell. */
struct event_shell {
	struct event e;
	uint8_t at_initiator; /* the shell runs where the connection came from */
	uint8_t marks;        /* enum shell_mark */
	uint8_t is_end;
	uint8_t pad;
	uint32_t commands;        /* known ones that were typed */
	struct event_str command; /* the first of them, its name alone */
};

enum order_kind { /* what a server is told to do that is not its business */
		  ORDER_NONE,
		  ORDER_PROGRAM, /* run a program of the system */
		  ORDER_ENABLE,  /* allow what runs programs or loads code */
		  ORDER_LOAD,    /* load code */
		  ORDER_WRITE,   /* write a file of the system */
		  ORDER_READ,    /* read one */
		  ORDER_REACH,   /* go to a place on another host */
		  ORDER__COUNT
};

/* A statement or command in the clear by which a server runs, loads, writes or reaches something
 * outside its own data: told as it is asked; the answer is not waited for. */
struct event_order {
	struct event e;
	uint8_t kind; /* enum order_kind */
	uint8_t pad[7];
	struct event_str service; /* "mssql", "postgresql", "mysql", "redis" */
	struct event_str text;    /* from the word that tells it, in lower case, cut */
};

enum chat_mark {                           /* of a conversation by IRC or MQTT */
		 CHAT_ORDER = 1u << 0,     /* the client was given an order, by its form */
		 CHAT_TOPIC = 1u << 1,     /* ... by a channel's topic */
		 CHAT_CODED = 1u << 2,     /* a topic is one encoded word */
		 CHAT_OUTPUT = 1u << 3,    /* the client says what shells print */
		 CHAT_MADE_NAME = 1u << 4, /* its name has a country, a system, a number */
		 CHAT_BARE = 1u << 5,      /* the server says nothing of itself */
		 CHAT_KEYED = 1u << 6,     /* the channel needs a word to be joined */
		 CHAT_VEILED = 1u << 7,    /* an order or output lay in base64 */
};

/*
 * A client on IRC: told as it has joined a channel, at each new mark, and at its end.  Of MQTT
 * (e.app) one that is told a command or says what commands print: nick is the client's name,
 * channel the topic by which the first command came.
 */
struct event_chat {
	struct event e;
	uint32_t marks;          /* enum chat_mark */
	uint32_t orders, obeyed; /* obeyed: the client spoke within seconds of one */
	uint32_t said[2];        /* messages, by the client and to it */
	uint8_t is_end;
	uint8_t pad[3];
	struct event_str nick, channel;
	struct event_str order; /* the first one */
};

enum implant_family { /* protocols of remote access tools and bots, by structure */
		      IMPLANT_NONE,
		      IMPLANT_PACKED,     /* prefix, two lengths, zlib: Gh0st and its heirs */
		      IMPLANT_NUMBERED,   /* length in figures, zero: njRAT, XWorm */
		      IMPLANT_MARKED,     /* mark of four bytes, length: Remcos */
		      IMPLANT_KEPT_ALIVE, /* hello of four bytes, then two bytes: Mirai */
		      IMPLANT_WORDS,      /* bare PING and PONG, orders: Gafgyt */
		      IMPLANT_FIGURES,    /* figures of base 16 both ways: DarkComet */
		      IMPLANT_NET_TCP,    /* .NET message framing: RedLine */
		      IMPLANT_FRAMED,     /* length, sealed body: Quasar, NanoCore, Netwire */
		      IMPLANT_REPORTED,   /* facts about the host in fields: STRRAT and its like */
		      IMPLANT__COUNT
};

enum implant_mark {
	IMPLANT_FORM = 1u << 0,       /* the form is sure */
	IMPLANT_ANSWERED = 1u << 1,   /* both sides speak it */
	IMPLANT_GOES_ON = 1u << 2,    /* ... and again */
	IMPLANT_FIELDS = 1u << 3,     /* fields between marks */
	IMPLANT_ORDER = 1u << 4,      /* an order of attack, or to do something to somebody */
	IMPLANT_BY_ADDRESS = 1u << 5, /* the server is called by its address */
	IMPLANT_NAMED = 1u << 6,      /* what is called has a family's names */
	IMPLANT_SEALED = 1u << 7,     /* bodies have no order at all */
	IMPLANT_BLOCKS = 1u << 8,     /* their lengths are those of a block cipher */
	IMPLANT_RHYTHM = 1u << 9,     /* a small frame comes again like a clock */
};

/* A conversation that has the form of an implant's: told as it is sure, at new marks, at its end.
 */
struct event_implant {
	struct event e;
	uint32_t marks; /* enum implant_mark */
	uint32_t orders, pings;
	uint32_t frames[2]; /* index 0: from src */
	uint8_t family;     /* enum implant_family */
	uint8_t is_end;
	uint8_t pad[2];
	struct event_str prefix; /* of IMPLANT_PACKED */
};

/* What must not leave, found in clear text: told at the 1st, 2nd, 4th, 8th ... of its kind and
 * label in one text. */
struct event_found {
	struct event e;
	uint8_t kind;     /* enum content_kind */
	uint8_t is_coded; /* it lay in base64 or hex within the text */
	uint8_t pad[2];
	uint32_t of;              /* of a set: its marks or rows, 0: it is of none */
	uint32_t count;           /* in this text so far */
	uint32_t weight;          /* how many have come since the last was told */
	uint64_t offset;          /* of its end in the text */
	struct event_str carrier; /* "http", "smtp", "ftp" */
	struct event_str
		label; /* "visa", "es_dni", "github", the marking, the name of canary or set */
	struct event_str sample; /* masked */
	struct event_str host;   /* of an HTTP request */
};

/* What HTTP has switched to: a protocol that begins inside a WebSocket. */
struct event_inner {
	struct event e;
	uint16_t inner, pad[3];   /* inner: enum app */
	struct event_str carrier; /* "websocket" */
};

struct event_ssh {
	struct event e;
	uint8_t is_server;
	uint8_t pad[7];
	struct event_str banner, hassh;
};

#endif
