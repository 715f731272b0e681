/*
 * base/err.h - the error codes of exfild.
 *
 * What: functions that can fail return 0 (done), -EXF_E_x (cannot go on here; pass it upward
 * unchanged) or a positive result named in their header, which the caller must handle.
 * Threads: any.
 */
#ifndef EXFILD_BASE_ERR_H
#define EXFILD_BASE_ERR_H

enum exf_err {
	EXF_E_NOMEM = 1,   /* memory is exhausted */
	EXF_E_IO,          /* the system refused; errno says why */
	EXF_E_FORMAT,      /* the bytes are not what they claim to be */
	EXF_E_TRUNCATED,   /* the bytes end too early */
	EXF_E_RANGE,       /* a number is outside its range */
	EXF_E_INVALID,     /* a name or value is not known */
	EXF_E_UNSUPPORTED, /* understood, but not handled */
	EXF_E_LIMIT,       /* a cap was reached */
	EXF_E__COUNT
};

#define EXF_MUST_USE __attribute__((warn_unused_result))

/* A short English text for a code; both signs are accepted. */
const char *exf_strerror(int code);

#endif
