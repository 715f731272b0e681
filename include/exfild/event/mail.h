/*
 * event/mail.h - what the head of a mail, and its session, say about who wrote it.
 *
 * Threads: any.
 */
#ifndef EXFILD_EVENT_MAIL_H
#define EXFILD_EVENT_MAIL_H

enum mail_mark {                            /* bits of event_mail.head_marks */
		 MAIL_HAS_MAILER = 1u << 0, /* User-Agent or X-Mailer */
		 MAIL_HAS_ID = 1u << 1,     /* Message-ID */
		 MAIL_HAS_RECEIVED = 1u << 2,
		 MAIL_HAS_REPLY = 1u << 3, /* In-Reply-To, References */
		 MAIL_HAS_LIST = 1u << 4,
		 MAIL_IS_TO_SELF = 1u << 5,   /* the sender is the recipient */
		 MAIL_IS_LOGGED_IN = 1u << 6, /* the session has authenticated itself */
		 MAIL_NAMES_HOST = 1u << 7,   /* the subject has the name that EHLO told */
};

#endif
