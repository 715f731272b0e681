/*
 * control/client.h - exfilctl(8).
 *
 * What: asks the daemon and shows the answer, as text for people or as JSON.
 * Threads: one.
 */
#ifndef EXFILD_CONTROL_CLIENT_H
#define EXFILD_CONTROL_CLIENT_H

enum client_status {
	CLIENT_DONE = 0,
	CLIENT_FAILED = 1, /* the daemon was not reached, or refused */
	CLIENT_USAGE = 2,
	CLIENT_SICK = 3, /* doctor found something to mend */
};

int client_run(int argc, char **argv);

#endif
