/*
 * inspect/icmp_pattern.h - what the payload of a harmless echo looks like.
 *
 * What: the values of event_icmp.pattern.  info_bytes is what the pattern leaves unexplained.
 * Threads: any.
 */
#ifndef EXFILD_INSPECT_ICMP_PATTERN_H
#define EXFILD_INSPECT_ICMP_PATTERN_H

enum icmp_pattern {
	ICMP_PATTERN_NONE, /* nothing known: every byte counts */
	ICMP_PATTERN_EMPTY,
	ICMP_PATTERN_ZEROS,   /* fping, smokeping, MTR, nmap --data-length 0 fills */
	ICMP_PATTERN_FILL,    /* one byte throughout: hping's 'X' */
	ICMP_PATTERN_WINDOWS, /* abcdefghijklmnopqrstuvwabc... */
	ICMP_PATTERN_LINUX,   /* 16 bytes of time, then each byte its own offset */
	ICMP_PATTERN_MACOS, /* 8 bytes of time, then each byte its own offset (BSD, 32-bit Linux) */
	ICMP_PATTERN_COUNTING, /* each byte one more than the last */
	ICMP_PATTERN_PERIODIC, /* up to 16 bytes again and again (ping -p): counted once */
	ICMP_PATTERN_ERROR,    /* an error's quotation of the packet it is about */
	ICMP_PATTERN__COUNT
};

#endif
