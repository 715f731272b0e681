/*
 * event/content.h - what the clear text of a message says about itself.
 *
 * What: marks that inspectors set and detectors weigh: commands, their output, reports about a
 * machine, lists of passwords; what the head of a request tells of its program.
 * Threads: any.
 */
#ifndef EXFILD_EVENT_CONTENT_H
#define EXFILD_EVENT_CONTENT_H

enum content_mark { /* bits of event_http_body.marks and event_mail.marks */
		    CONTENT_COMMAND =
			    1u << 0, /* a field's value is a command line of an operating system */
		    CONTENT_OUTPUT = 1u << 1, /* what such commands answer */
		    CONTENT_PROMPT = 1u << 2, /* a shell's prompt with its command */
		    CONTENT_CODE = 1u << 3,   /* program text that is to be run */
		    CONTENT_MACHINE =
			    1u << 4, /* facts of a machine: names of user, computer, system */
		    CONTENT_PASSWORDS = 1u << 5, /* a list of places, users and passwords */
		    CONTENT_HTML = 1u << 6,
		    CONTENT_CODED =
			    1u << 7, /* what the marks speak of was in base64 within the text */
};

enum content_form {
	FORM_RAW,       /* none of the others */
	FORM_FIELDS,    /* name=value&... */
	FORM_MULTIPART, /* RFC 7578 */
	FORM_JSON,
	FORM_XML,
};

enum http_mark { /* bits of event_http.marks: fields of a head, and what it holds */
		 HTTP_HAS_REFERRER = 1u << 0,
		 HTTP_HAS_ORIGIN = 1u << 1,
		 HTTP_HAS_LANGUAGE = 1u << 2,
		 HTTP_HAS_ENCODINGS = 1u << 3, /* Accept-Encoding */
		 HTTP_HAS_COOKIE = 1u << 4,
		 HTTP_HAS_AUTHORIZATION = 1u << 5,
		 HTTP_HAS_ACCEPT = 1u << 6,
		 HTTP_HAS_FETCH = 1u << 7, /* Sec-Fetch-*, Sec-CH-*: browsers of today */
		 HTTP_HAS_EXPECT = 1u << 8,
		 HTTP_IS_CODED = 1u << 9, /* Content-Encoding */
};

enum content_contrary { /* how the bytes of an answer contradict what it says that they are */
			CONTRARY_NONE,
			CONTRARY_PAGE,    /* a page that is one word of base64 or hexadecimal */
			CONTRARY_TEXT,    /* a page or script that is noise */
			CONTRARY_PICTURE, /* a picture or film that is noise or base64 */
			CONTRARY_PACKED,  /* a gzip that is none */
			CONTRARY__COUNT
};

enum content_kind {
	CONTENT_CARD,     /* number of a payment card */
	CONTENT_IBAN,     /* of a bank account */
	CONTENT_NATIONAL, /* number of a person: the label says of which country */
	CONTENT_KEY,      /* AWS, GitHub, Slack, Stripe, Azure, private key: opens something */
	CONTENT_TOKEN,    /* JWT, Google's API key: opens something, and travels every day */
	CONTENT_MARKING,  /* a word by which documents say that they are not to leave */
	CONTENT_CANARY,   /* planted: nobody has a reason to send it */
	CONTENT_DOCUMENT, /* of the customer's own: marks of a document that was shown to us */
	CONTENT_TABLE,    /* likewise: rows of a table */
	CONTENT__COUNT
};

/* "card", "iban" ... */
const char *content_kind_name(enum content_kind kind);

enum exploit_kind {
	EXPLOIT_NONE,
	EXPLOIT_LOOKUP,     /* ${jndi:...} (CVE-2021-44228 and its kin) */
	EXPLOIT_SHELLSHOCK, /* () { :; }; (CVE-2014-6271) */
	EXPLOIT_COMMAND,    /* a fetching or calling command behind a shell's separator */
	EXPLOIT_EXPRESSION, /* OGNL, SpEL and their like that reach for a process */
	EXPLOIT_CLIMB,      /* a path that leaves the pages for a file or program */
	EXPLOIT_FILE,       /* a value that does so */
	EXPLOIT_QUERY,      /* a value that goes on as SQL */
	EXPLOIT__COUNT
};

/* "look-up", "command" ... */
const char *exploit_kind_name(enum exploit_kind kind);

#endif
